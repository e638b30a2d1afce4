//! FLV tags, codec headers and the file form.

//! Development only: test vectors, makers of media, streams that split and stall.

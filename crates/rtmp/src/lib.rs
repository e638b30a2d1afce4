//! RTMP as bytes in, events out, bytes out: handshake, chunks, messages, sessions.

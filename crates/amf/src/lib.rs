//! AMF0 and AMF3 values, their reader and writer, and the Flash Remoting envelope.

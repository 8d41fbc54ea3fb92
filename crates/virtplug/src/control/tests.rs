//! The socket, from end to end, with a desk that answers in place of the loop.

mod bench;
mod clients;
mod desk;
mod files;
mod introspection;
mod limits;
mod malformed;
mod methods;
mod rights;
mod streams;

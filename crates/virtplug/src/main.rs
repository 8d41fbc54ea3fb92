//! The virtplug program.

#![forbid(unsafe_code)]

fn main() -> virtplug::Exit {
    virtplug::main()
}

//! All tests of the public interface in one program, since linking one takes as long as compiling some of them.

mod build;
mod compare;
mod directory;
mod golden;
mod hostile;
mod inventory;
mod items;
mod methods;
mod odd;
mod prose;
mod random;
mod reserved;
mod stability;
mod stable;

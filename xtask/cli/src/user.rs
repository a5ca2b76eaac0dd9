//! The commands of `gapis` that work on a user's own repository.

mod add;
mod changes;
mod describe;
mod show;
mod update;

pub(crate) use add::Add;
pub(crate) use changes::Changes;
pub(crate) use describe::Describe;
pub(crate) use show::Show;
pub(crate) use update::Update;

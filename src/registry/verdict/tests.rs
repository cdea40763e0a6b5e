//! Verdicts on small registries, each asked as of then, in hindsight, and before what decides it.

mod acts;
mod conflicts;
mod details;
mod lists;
mod payloads;
mod properties;
mod table;
mod world;

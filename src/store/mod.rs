//! What the registry keeps, and where: payloads in folders and buckets.

pub mod payloads;

//! Findings over small policies, each with a twin that has none.

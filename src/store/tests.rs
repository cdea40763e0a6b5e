//! Tests of the store by itself.

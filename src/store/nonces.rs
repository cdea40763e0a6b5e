//! Single use of requests, over restarts and processes.

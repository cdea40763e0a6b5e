//! The client of an S3-compatible store: what it may be told, and how long it may take.

use super::PayloadError;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// For a connection to be made.
const CONNECT: Duration = Duration::from_secs(3);
/// Between two parts of an answer.
const READ: Duration = Duration::from_secs(5);
/// For one request with its whole answer: 64 MiB at 3.2 MiB/s.
const REQUEST: Duration = Duration::from_secs(20);
/// How often a request is made again, and until when after the first.
const RETRIES: usize = 2;
const RETRY_FOR: Duration = Duration::from_secs(5);

fn invalid(name: &str, problem: impl Into<String>) -> PayloadError {
    PayloadError::Option { name: name.chars().take(64).collect(), problem: problem.into() }
}

/// What an option's name means; the names of `super::OPTIONS`, in any case, with or without `AWS_`.
fn key(name: &str) -> Option<AmazonS3ConfigKey> {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("aws_").unwrap_or(&name) {
        "endpoint_url_s3" | "endpoint_url" | "endpoint" => Some(AmazonS3ConfigKey::Endpoint),
        "region" | "default_region" => Some(AmazonS3ConfigKey::Region),
        "access_key_id" => Some(AmazonS3ConfigKey::AccessKeyId),
        "secret_access_key" => Some(AmazonS3ConfigKey::SecretAccessKey),
        "session_token" => Some(AmazonS3ConfigKey::Token),
        "virtual_hosted_style_request" => Some(AmazonS3ConfigKey::VirtualHostedStyleRequest),
        "skip_signature" => Some(AmazonS3ConfigKey::SkipSignature),
        _ => None,
    }
}

pub(super) fn store(
    location: &str,
    bucket: &str,
    options: &[(String, String)],
) -> Result<Arc<dyn ObjectStore>, PayloadError> {
    let (mut plain, mut signed) = (false, [false; 2]);
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
    for (name, value) in options {
        let key = key(name).ok_or_else(|| {
            invalid(name, format!("unknown; known are {}", super::OPTIONS.join(", ")))
        })?;
        if value.is_empty() || value.len() > 4096 || !value.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid(name, "write 1 to 4096 characters of ASCII without spaces"));
        }
        match key {
            AmazonS3ConfigKey::Endpoint => plain = endpoint(name, value)?,
            AmazonS3ConfigKey::AccessKeyId => signed[0] = true,
            AmazonS3ConfigKey::SecretAccessKey => signed[1] = true,
            AmazonS3ConfigKey::SkipSignature if value == "true" => signed = [true; 2],
            AmazonS3ConfigKey::SkipSignature | AmazonS3ConfigKey::VirtualHostedStyleRequest
                if !["true", "false"].contains(&value.as_str()) =>
            {
                return Err(invalid(name, "write true or false"));
            }
            _ => {}
        }
        builder = builder.with_config(key, value);
    }
    // Without a key the library would ask the metadata service of a cloud's machine for one.
    if signed != [true; 2] {
        let problem = "needed together with AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true";
        return Err(invalid("AWS_ACCESS_KEY_ID", problem));
    }
    let client = ClientOptions::new()
        .with_allow_http(plain)
        .with_connect_timeout(CONNECT)
        .with_read_timeout(READ)
        .with_timeout(REQUEST);
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        base: 2.0,
    };
    let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_FOR };
    let store = builder.with_client_options(client).with_retry(retry).build().map_err(|error| {
        PayloadError::Location { location: location.to_owned(), problem: super::cause(&error) }
    })?;
    Ok(Arc::new(store))
}

/// Whether an endpoint is of plain HTTP, which it has to say itself.
fn endpoint(name: &str, value: &str) -> Result<bool, PayloadError> {
    let plain = value.strip_prefix("http://");
    let host = plain.or_else(|| value.strip_prefix("https://")).unwrap_or_default();
    if host.is_empty() || host.contains(['@', '?', '#', '\\']) {
        return Err(invalid(name, "write https://host or, for a server without TLS, http://host"));
    }
    Ok(plain.is_some())
}

//! The doors to AWS: the only room that names an AWS SDK type.

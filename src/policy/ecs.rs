//! Section 1 of the spec: an ECS service's count.

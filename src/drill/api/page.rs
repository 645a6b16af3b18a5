//! Paging: where a listing goes on, as a token that only its own operation takes back.

use std::fmt::Write;

use crate::drill::wire::Value;
use crate::drill::world::{Workload, World};

/// Where a listing goes on: a position, and one within what stands there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The position: a service's, a query's, an item's.
    pub outer: u64,
    /// The position within, where there is one.
    pub inner: u64,
}

impl Place {
    /// Reads a token; an absent one is the beginning. `None`: it is no token of this operation.
    pub fn read(operation: &str, token: Option<&str>) -> Option<Self> {
        let Some(token) = token else { return Some(Self::default()) };
        let bytes: Option<Vec<u8>> = token
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let text = String::from_utf8(bytes?).ok()?;
        let (outer, inner) = text.strip_prefix(operation)?.strip_prefix('/')?.split_once('/')?;
        Some(Self { outer: outer.parse().ok()?, inner: inner.parse().ok()? })
    }

    /// The token.
    pub fn write(self, operation: &str) -> String {
        let mut token = String::new();
        for byte in format!("{operation}/{}/{}", self.outer, self.inner).bytes() {
            let _ = write!(token, "{byte:02x}");
        }
        token
    }
}

/// A page of a flat list.
pub(super) fn flat<T>(items: &[T], from: Place, size: usize) -> (&[T], Option<Place>) {
    let start = usize::try_from(from.outer).unwrap_or(usize::MAX).min(items.len());
    let end = start.saturating_add(size).min(items.len());
    (&items[start..end], (end < items.len()).then_some(Place { outer: end as u64, inner: 0 }))
}

/// A page of what the services have, service by service: only those the page reaches are looked at. The last page may
/// be empty, as AWS's may.
pub(super) fn by_service(
    world: &World,
    from: Place,
    size: usize,
    items: impl Fn(&Workload) -> Vec<Value>,
) -> (Vec<Value>, Option<Place>) {
    let names = world.service_names();
    let mut page = Vec::new();
    let mut skip = from.inner as usize;
    for (index, name) in names.iter().enumerate().skip(usize::try_from(from.outer).unwrap_or(usize::MAX)) {
        if page.len() == size {
            return (page, Some(Place { outer: index as u64, inner: 0 }));
        }
        let Some(workload) = world.workload(name) else { continue };
        let mut own = items(&workload);
        let mut rest = own.split_off(skip.min(own.len()));
        let room = size - page.len();
        if rest.len() > room {
            rest.truncate(room);
            page.extend(rest);
            return (page, Some(Place { outer: index as u64, inner: (skip + room) as u64 }));
        }
        page.extend(rest);
        skip = 0;
    }
    (page, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_back_by_its_operation_alone() {
        let place = Place { outer: 70, inner: 1_767_254_400 };
        let token = place.write("ListTasks");
        assert_eq!(Place::read("ListTasks", Some(&token)), Some(place));
        assert_eq!(Place::read("ListTasks", None), Some(Place::default()));
        for (operation, token) in
            [("ListServices", token.as_str()), ("ListTasks", "zz"), ("ListTasks", "4"), ("L", "ä")]
        {
            assert_eq!(Place::read(operation, Some(token)), None, "{operation} {token}");
        }
    }

    #[test]
    fn flat_pages_cover_everything_once() {
        let items: Vec<u32> = (0..101).collect();
        let (mut seen, mut next) = (Vec::new(), Some(Place::default()));
        while let Some(place) = next {
            let (page, after) = flat(&items, place, 10);
            assert!(page.len() <= 10);
            seen.extend_from_slice(page);
            next = after;
        }
        assert_eq!(seen, items);
        assert_eq!(flat(&items, Place { outer: u64::MAX, inner: 0 }, 10), (&[][..], None));
    }
}

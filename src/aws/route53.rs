//! Route 53: the weighted name that spreads reads over replicas.
//!
//! The name is found, not configured: it is the one with a weighted record that points at an instance's address. Once
//! found, only its own records are read. Absent on purpose: aliases, and records that point anywhere else.

use std::collections::BTreeMap;

use aws_sdk_route53::types::{self, RrType};

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, pages};
use crate::platform::{DatabaseId, ReaderName, ReaderRecord};

/// The page size of the lists: AWS's largest.
const PAGE: i32 = 300;

/// The most pages of records that a search reads: Route 53 allows five calls a second to all of an account's tools
/// together, and a zone may hold ten thousand records.
const SEARCH_PAGES: usize = 40;

/// The most pages of one name's records: Route 53 allows a hundred weighted records a name, and a page may begin late.
const NAME_PAGES: usize = 3;

/// What addresses of instances end with: `<instance>.<hash>.<region>.rds.amazonaws.com` (RDS user guide, "Finding the
/// connection information").
const ADDRESSES: [&str; 2] = [".rds.amazonaws.com", ".rds.amazonaws.com.cn"];

/// A name that was found before: it is read again without a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Id of the hosted zone.
    pub zone: String,
    /// The name, as Route 53 writes it.
    pub name: String,
}

/// Where the next page of records starts: name, kind and set.
type From = (Option<String>, Option<RrType>, Option<String>);

impl Reader {
    /// The weighted name that points at these instances, and where it stands. Of several, the one whose records are worth
    /// most, by what an instance is given as worth. `None` when no hosted zone has such a name.
    ///
    /// # Errors
    /// Beside the usual ones: when the zones hold more records than a search may read.
    pub async fn find_reader_name(
        &self,
        worth: &BTreeMap<DatabaseId, u32>,
    ) -> Result<Option<(Found, ReaderName)>, Failure> {
        let zones = pages(|marker| {
            let page = self.ask(
                Call::ListHostedZones,
                self.route53().list_hosted_zones().max_items(PAGE).set_marker(marker).send(),
            );
            async {
                let page = page.await?;
                whole(page.max_items, Call::ListHostedZones)?;
                Ok((page.hosted_zones, page.next_marker.filter(|_| page.is_truncated)))
            }
        })
        .await?;
        let (mut read, mut best) = (0, None::<(u32, Found)>);
        for zone in zones {
            let mut from = From::default();
            loop {
                if read == SEARCH_PAGES {
                    return Err(Failure::faulty(format!(
                        "the hosted zones hold more than {} records: the reader name was not searched for further",
                        SEARCH_PAGES * PAGE as usize
                    )));
                }
                read += 1;
                let (records, next) = self.records(&zone.id, &from).await?;
                for record in records.iter().filter(|record| is_reader(record)) {
                    let found = Found { zone: zone.id.clone(), name: record.name.clone() };
                    let points = records.iter().filter(|other| other.name == record.name).filter_map(instance);
                    let sum: u32 = points.filter_map(|id| worth.get(&id)).sum();
                    if sum > 0 && best.as_ref().is_none_or(|(most, _)| sum > *most) {
                        best = Some((sum, found));
                    }
                }
                match next {
                    None => break,
                    Some(next) if next == from => return Err(Failure::faulty("the same page was offered twice")),
                    Some(next) => from = next,
                }
            }
        }
        let Some((_, found)) = best else { return Ok(None) };
        Ok(self.reader_name(&found).await?.map(|name| (found, name)))
    }

    /// The records of a name that was found before; `None` when it has no weighted record any more.
    pub async fn reader_name(&self, at: &Found) -> Result<Option<ReaderName>, Failure> {
        let learnt = self.now();
        let mut of_name = Vec::new();
        let mut from: From = (Some(at.name.clone()), Some(RrType::Cname), None);
        for _ in 0..NAME_PAGES {
            let (records, next) = self.records(&at.zone, &from).await?;
            of_name.extend(records.into_iter().filter(|record| record.name == at.name && is_reader(record)));
            match next {
                Some(next) if next.0.as_deref() == Some(&at.name) => from = next,
                _ => break,
            }
        }
        let mut records: Vec<ReaderRecord> = of_name.iter().filter_map(reader_record).collect();
        records.sort_by(|a, b| a.set.cmp(&b.set));
        records.dedup_by(|a, b| a.set == b.set);
        let zone = at.zone.rsplit('/').next().unwrap_or_default().to_owned();
        let name = at.name.trim_end_matches('.').to_owned();
        Ok((!records.is_empty()).then_some(ReaderName { name, zone, records, learnt }))
    }

    /// A page of a zone's records, and where the next one starts.
    async fn records(&self, zone: &str, from: &From) -> Result<(Vec<types::ResourceRecordSet>, Option<From>), Failure> {
        let (name, kind, set) = from.clone();
        let question = self
            .route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .max_items(PAGE)
            .set_start_record_name(name)
            .set_start_record_type(kind)
            .set_start_record_identifier(set)
            .send();
        let page = self.ask(Call::ListResourceRecordSets, question).await?;
        whole(page.max_items, Call::ListResourceRecordSets)?;
        let next = (page.next_record_name, page.next_record_type, page.next_record_identifier);
        Ok((page.resource_record_sets, page.is_truncated.then_some(next).filter(|next| next.0.is_some())))
    }
}

/// An empty list has its size all the same; one that broke off does not, and must not be taken for an empty one.
fn whole(max_items: i32, call: Call) -> Result<(), Failure> {
    if max_items > 0 { Ok(()) } else { Err(Failure::faulty(format!("{} answered without a list", call.action()))) }
}

/// Whether a record is a weighted one that answers with another name.
fn is_reader(record: &types::ResourceRecordSet) -> bool {
    record.r#type == RrType::Cname && record.weight.is_some() && record.set_identifier.is_some()
}

/// The instance whose address a record answers with.
fn instance(record: &types::ResourceRecordSet) -> Option<DatabaseId> {
    let value = record.resource_records().first()?.value.trim_end_matches('.').to_ascii_lowercase();
    ADDRESSES.iter().any(|end| value.ends_with(end)).then_some(())?;
    value.split('.').next().filter(|id| !id.is_empty()).map(DatabaseId::new)
}

fn reader_record(record: &types::ResourceRecordSet) -> Option<ReaderRecord> {
    let value = record.resource_records().first().map(|one| one.value.clone()).unwrap_or_default();
    Some(ReaderRecord {
        set: record.set_identifier.clone()?,
        database: instance(record),
        value,
        weight: u8::try_from(record.weight?).ok()?,
        ttl_s: record.ttl.and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::canned::{self, Asked, Log, Reply, doors};
    use super::*;

    const ZONES: &str = "/2013-04-01/hostedzone";

    fn zones(ids: &[&str]) -> Reply {
        let zone = |id: &&str| {
            format!(
                "<HostedZone><Id>/hostedzone/{id}</Id><Name>z.</Name><CallerReference>r</CallerReference></HostedZone>"
            )
        };
        let zones: String = ids.iter().map(zone).collect();
        canned::text(
            200,
            &format!(
                "<ListHostedZonesResponse><HostedZones>{zones}</HostedZones><Marker></Marker>\
                 <IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListHostedZonesResponse>"
            ),
        )
    }

    fn weighted(name: &str, set: &str, weight: &str, value: &str) -> String {
        format!(
            "<ResourceRecordSet><Name>{name}</Name><Type>CNAME</Type><SetIdentifier>{set}</SetIdentifier>\
             <Weight>{weight}</Weight><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value>\
             </ResourceRecord></ResourceRecords></ResourceRecordSet>"
        )
    }

    fn records(records: &str, next: &str) -> Reply {
        canned::text(
            200,
            &format!(
                "<ListResourceRecordSetsResponse><ResourceRecordSets>{records}</ResourceRecordSets><IsTruncated>{}\
                 </IsTruncated>{next}<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>",
                !next.is_empty()
            ),
        )
    }

    fn worth(ids: &[(&str, u32)]) -> BTreeMap<DatabaseId, u32> {
        ids.iter().map(|(id, worth)| (DatabaseId::new(id), *worth)).collect()
    }

    fn asked_for(log: &Log, part: &str) -> usize {
        log.lock().unwrap().iter().filter(|asked| asked.operation.contains(part)).count()
    }

    /// Two zones; the second holds the writer's name and the reader's.
    fn world(asked: &Asked) -> Reply {
        let reader = weighted("reader.db.", "r1", "10", "db-replica-1.abc.us-east-1.rds.amazonaws.com")
            + &weighted("reader.db.", "r2", "0", "DB-replica-2.abc.us-east-1.rds.amazonaws.com.")
            + &weighted("reader.db.", "else", "255", "cache.example.com")
            + &weighted("reader.db.", "odd", "256", "db-replica-3.abc.us-east-1.rds.amazonaws.com");
        match asked.operation.as_str() {
            ZONES => zones(&["Z1", "Z2"]),
            path if path.contains("Z1") => {
                let plain = "<ResourceRecordSet><Name>db.</Name><Type>CNAME</Type><TTL>60</TTL><ResourceRecords>\
                    <ResourceRecord><Value>db-replica-1.abc.us-east-1.rds.amazonaws.com</Value></ResourceRecord>\
                    </ResourceRecords></ResourceRecordSet>";
                records(&(plain.to_owned() + &weighted("far.", "x", "1", "db-replica-9.example.com")), "")
            }
            _ if asked.text().contains("name=reader.db.") => records(&reader, ""),
            _ => records(&(weighted("writer.db.", "w", "1", "db.abc.us-east-1.rds.amazonaws.com") + &reader), ""),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_weighted_name_that_points_at_replicas_is_found_and_then_read_alone() {
        let (reader, _, log) = doors(world).await;
        let worth = worth(&[("db", 1), ("db-replica-1", 100), ("db-replica-2", 100)]);
        let (found, name) = reader.find_reader_name(&worth).await.unwrap().unwrap();
        assert_eq!((name.name.as_str(), name.zone.as_str()), ("reader.db", "Z2"));
        let told: Vec<_> = name.records.iter().map(|one| (one.set.as_str(), one.weight, one.ttl_s)).collect();
        assert_eq!(told, [("else", 255, 5), ("r1", 10, 5), ("r2", 0, 5)], "a weight that cannot be is left out");
        assert_eq!(name.records[0].database, None, "an address of something else");
        assert_eq!(name.records[2].database, Some(DatabaseId::new("db-replica-2")));
        assert!(name.sends_to(&DatabaseId::new("db-replica-1")) && !name.sends_to(&DatabaseId::new("db-replica-2")));
        let before = asked_for(&log, "rrset");
        assert_eq!(reader.reader_name(&found).await.unwrap().unwrap().records, name.records);
        assert_eq!(asked_for(&log, "rrset"), before + 1);
        assert_eq!(reader.find_reader_name(&self::worth(&[("other", 1)])).await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_search_ends_where_pages_go_in_circles_and_where_there_are_too_many() {
        let next = |name: &str| format!("<NextRecordName>{name}</NextRecordName><NextRecordType>A</NextRecordType>");
        let (reader, _, log) = doors(move |asked| match asked.operation.as_str() {
            ZONES => zones(&["Z1"]),
            _ => records("", &next("a")),
        })
        .await;
        let answer = reader.find_reader_name(&worth(&[("db", 1)])).await;
        assert!(matches!(answer, Err(Failure::Faulty { detail }) if detail.contains("twice")));
        assert_eq!(asked_for(&log, "rrset"), 2);
        let (reader, _, log) = doors(move |asked| match asked.operation.as_str() {
            ZONES => zones(&["Z1"]),
            _ if asked.text().contains("name=a") => records("", &next("b")),
            _ => records("", &next("a")),
        })
        .await;
        let answer = reader.find_reader_name(&worth(&[("db", 1)])).await;
        assert!(matches!(answer, Err(Failure::Faulty { detail }) if detail.contains("12000 records")));
        assert_eq!(asked_for(&log, "rrset"), SEARCH_PAGES);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_is_a_fault_and_what_may_not_be_read_is_named() {
        for garbage in ["", "{", "<ListHostedZonesResponse>", "\u{1b}c"] {
            let (reader, _, _) = doors(move |_| canned::text(200, garbage)).await;
            let answer = reader.find_reader_name(&worth(&[("db", 1)])).await;
            assert!(matches!(answer, Err(Failure::Faulty { .. })), "{garbage}: {answer:?}");
        }
        let error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        let (reader, _, _) = doors(move |_| canned::text(403, error)).await;
        let denied = Failure::Denied { action: "route53:ListHostedZones".into() };
        assert_eq!(reader.find_reader_name(&worth(&[("db", 1)])).await, Err(denied));
    }
}

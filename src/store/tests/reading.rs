//! The queries of listings and facts: in the SQL that PostgreSQL has too, and read off an index.

use super::super::filter::Numbers;
use super::super::query::{CHECKPOINT, NUMBERS, with_extremes, with_lengths};
use super::super::{Order, audit, facts, open, read, stats};
use crate::registry::attestation::Relation;
use crate::registry::object::Kind;
use sqlparser::dialect::{PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

/// Every combination that can be asked for.
fn all() -> Vec<(Numbers, Order)> {
    let mut all = Vec::new();
    let links = [None, Some((None, 1)), Some((Some(Relation::Disputes), 1))];
    for bits in 0..16_u8 {
        let number = |bit: u8| (bits & bit != 0).then_some(1);
        let [schema, issuer, subject] = [1, 2, 4].map(number);
        let kind = number(8).map(|_| Kind::Attestation);
        for link in links {
            for order in [Order::Oldest, Order::Newest] {
                all.push((Numbers { kind, schema, issuer, subject, link }, order));
            }
        }
    }
    all
}

fn candidates() -> Vec<String> {
    let sql = |(numbers, order): &(Numbers, Order)| {
        [numbers.candidates(*order).sql, numbers.examined(*order).sql]
    };
    all().iter().flat_map(sql).collect()
}

#[test]
fn queries_are_portable() {
    let mut queries: Vec<String> =
        [CHECKPOINT, NUMBERS, read::ENTRY, read::ENTRY_BY_ID, read::PREFIX, read::SHARDS]
            .into_iter()
            .chain([stats::BY_KIND, stats::BY_SCHEMA, stats::BY_ISSUER, stats::TOTALS])
            .chain([facts::EDITIONS, facts::EPOCHS, facts::PRESENT])
            .chain([audit::WINDOW_ENTRIES, audit::CHECKPOINTS, audit::NEWEST_CHECKPOINTS])
            .chain([audit::TILES, audit::SURPLUS_TILES, audit::UNSIGNED, audit::LAST_ENTRY])
            .chain([audit::NONCE, audit::NONCES, audit::ORPHANED_SHARDS])
            .map(str::to_owned)
            .collect();
    for sql in candidates() {
        queries.extend([with_lengths(&sql), with_extremes(&sql)]);
    }
    for count in [0, 1, 3, 128] {
        for by in [facts::By::Anybody, facts::By::Attesters(1), facts::By::Issuers(3)] {
            queries.push(facts::rivals_sql(count, by));
        }
    }
    for count in [1, 3, 128] {
        queries.extend(
            [facts::links_sql, facts::events_sql, facts::grants_sql, facts::bindings_sql]
                .map(|sql| sql(count)),
        );
        queries.push(read::entries_sql(count));
    }
    for table in &audit::TABLES {
        queries.extend([table.in_range(), table.beyond()]);
    }
    for sql in queries {
        assert!(Parser::parse_sql(&PostgreSqlDialect {}, &sql).is_ok(), "{sql}");
        assert!(Parser::parse_sql(&SQLiteDialect {}, &sql).is_ok(), "{sql}");
    }
}

#[test]
fn candidates_are_read_off_an_index() {
    super::super::wait(async {
        let memory = SqliteConnectOptions::new().in_memory(true);
        let mut connection = memory.connect().await.unwrap();
        sqlx::raw_sql(open::REGISTRY_SQL).execute(&mut connection).await.unwrap();
        for sql in candidates() {
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let plan = sqlx::query(AssertSqlSafe(explain)).fetch_all(&mut connection).await;
            for row in plan.unwrap() {
                let step: String = row.get("detail");
                assert!(step.starts_with("SEARCH"), "{sql}: {step}");
                // The equalities come first, then the range: nothing is passed over.
                let bounds = step.matches('>').count() + step.matches("rowid=?").count();
                assert!(bounds == 1, "{sql}: {step}");
            }
        }
    });
}

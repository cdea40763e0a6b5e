//! The SQL is also PostgreSQL's.

use super::*;
use sqlparser::ast::Statement;
use sqlparser::dialect::{PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// All statements of the writing side.
fn statements() -> Vec<String> {
    let mut all: Vec<String> = [
        tree::LAST_CHECKPOINT,
        tree::LAST_LEAVES,
        tree::LAST_ROOTS,
        tree::TILE,
        insert::CHECKPOINT,
        append::RECORDED,
        open::IDENTITY,
        batch::GRANT,
        batch::REVOKED,
        batch::BINDINGS,
        chains::LAST_EDITION,
        chains::EDITION,
        chains::LAST_EPOCH,
        chains::EPOCH,
        chains::USED,
        nonces::SPENT,
        nonces::FORGOTTEN,
        nonces::SPEND,
        nonces::EXPIRED,
        nonces::PURGED,
        nonces::FORGET,
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend(batch::LAST_NUMBERS.map(str::to_owned));
    all.extend(insert::TABLES.iter().flat_map(|table| table.numbered()));
    let lookups = [
        &batch::ENTRIES_OF_KIND,
        &batch::ATTESTATIONS_HELD,
        &batch::NUMBERS_OF_KEYS,
        &batch::NUMBERS_OF_SUBJECTS,
        &batch::SCHEMAS_HELD,
    ];
    all.extend(lookups.map(batch::Lookup::numbered));
    all
}

#[test]
fn the_tables_and_statements_are_postgresql_too() {
    let tables = Parser::parse_sql(&PostgreSqlDialect {}, open::REGISTRY_SQL).unwrap();
    let created = tables.iter().filter(|sql| matches!(sql, Statement::CreateTable(_)));
    assert_eq!(created.count(), 18);
    for sql in tables {
        let is_known = matches!(sql, Statement::CreateTable(_) | Statement::CreateIndex(_));
        assert!(is_known, "{sql}");
        let text = sql.to_string().to_uppercase();
        for word in ["BLOB", "WITHOUT ROWID", "AUTOINCREMENT", "STRICT", "ROWID"] {
            assert!(!text.contains(word), "{word} in {sql}");
        }
    }
    for sql in statements() {
        for parsed in [
            Parser::parse_sql(&PostgreSqlDialect {}, &sql),
            Parser::parse_sql(&SQLiteDialect {}, &sql),
        ] {
            assert_eq!(parsed.expect(&sql).len(), 1, "{sql}");
        }
        for word in ["?", "OR REPLACE", "OR IGNORE", "GLOB", "IFNULL", "ROWID"] {
            assert!(!sql.to_uppercase().contains(word), "{word} in {sql}");
        }
    }
    assert!(Parser::parse_sql(&PostgreSqlDialect {}, "INSERT INTO keys (no) VALUES").is_err());
}

#[test]
fn nameless_parameters_are_those_of_the_numbered() {
    let sql = "INSERT INTO keys (no, key) VALUES ($1, $2), ($3, $4)";
    let nameless = insert::nameless(sql);
    assert_eq!(&*nameless, "INSERT INTO keys (no, key) VALUES (?, ?), (?, ?)");
    for sql in statements().iter().filter(|sql| sql.matches('$').count() > 16) {
        let numbers = sql.split('$').skip(1).map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse::<usize>().unwrap()
        });
        assert!(numbers.eq(1..=sql.matches('$').count()), "{sql}");
    }
}

//! One predicate by itself, before there is a policy around it: its types, its shape and its cost.

use super::circuit::Plan;
use super::compile::{CompiledPolicy, CompiledPredicate, Role, Scope};
use super::document::{Validity, params};
use super::expression::Expression;
use super::typing;
use crate::bbs::Suite;
use crate::document::{Cursor, Document, Fault, Problem};
use crate::schema::Schema;
use crate::value::{LeapDay, NAME_REMEDY, is_name};

/// Holds one expression against the schemas of the roles that it speaks of.
///
/// `constants` is what the policy would have under `params`: an object. All claims are hidden, and
/// validity is not part of it: the shape and its constraints are those of the predicate alone.
///
/// # Errors
/// A fault at `$` for the expression, at `$.params` for a constant.
pub fn check_predicate(
    source: &str,
    roles: &[(String, Schema)],
    constants: &Document,
    leap_day: Option<LeapDay>,
) -> Result<CompiledPolicy, Fault> {
    let text = Document::text(source);
    let expression = Expression::parse(&Cursor::root(&text))?;
    let whole = Document::object([("params", constants.clone())]);
    let fields = Cursor::root(&whole).fields(&["params"])?;
    let params = params(fields.optional("params"))?;
    let roles = roles.iter().enumerate().map(|(i, (name, schema))| {
        let known = roles.iter().take(i).any(|(other, _)| other == name);
        if !is_name(name) || known {
            let (problem, remedy) = match known {
                true => (format!("the role {name} has two schemas"), "give it one"),
                false => (format!("\"{name}\" is no name of a role"), NAME_REMEDY),
            };
            return Err(Fault::new("$.roles", Problem::Invalid(problem), remedy));
        }
        Ok(Role::hidden(name, schema, Suite::Sha256, Validity::Skip))
    });
    let roles = roles.collect::<Result<Vec<_>, _>>()?;
    let rule = typing::check(&expression, &Scope::new(&roles, &params, leap_day), "$")?;
    let path = "$".to_owned();
    let predicate = CompiledPredicate { name: "predicate".to_owned(), path, rule };
    let plan = Plan {
        rules: vec![(predicate.path.clone(), predicate.rule.clone())],
        predicates: vec![predicate],
        ..Plan::default()
    };
    CompiledPolicy::of_plan(roles, plan)
}

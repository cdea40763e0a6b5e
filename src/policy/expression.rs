//! Predicates as they are written: a small, total part of CEL.
//!
//! The parser is the `cel` crate's; nothing of its evaluation is used. What it gives is narrowed
//! here to what predicates may say: comparisons of linear forms, joined by `&&`. Everything else
//! that CEL can say is refused at its line and column with the way to write it.
//!
//! ```text
//! expression = comparison { "&&" comparison }
//! comparison = linear ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) linear
//! linear     = term { ( "+" | "-" ) term }
//! term       = [ integer "*" ] ( role "." field | "params." name | literal )
//! literal    = integer | true | false | "word" | decimal("12.50") | date("2008-02-29")
//!            | timestamp("2008-02-29T00:00:00Z")
//! ```
//!
//! A word is the name of an enumeration or a code. Parentheses group; `-` and `*` are worked out, so
//! that what is left is a sum of terms with whole factors.

use crate::document::{Cursor, Document, Fault, Problem};
use crate::value::{Date, Timestamp};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;
use sigil_circuits::Comparison;

/// Greatest length of an expression in octets.
const MAX_OCTETS: usize = 2_000;
/// Greatest nesting of an expression.
const MAX_DEPTH: u16 = 32;
/// Greatest number of terms after multiplication is worked out.
const MAX_TERMS: usize = 256;

/// A place in an expression, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A value that a policy writes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A whole number.
    Integer(i128),
    /// True or false.
    Bool(bool),
    /// The name of an enumeration, or a code.
    Word(String),
    /// A decimal; its scale comes from what it is compared with.
    Decimal(String),
    /// A day.
    Date(Date),
    /// A second.
    Timestamp(Timestamp),
}

const TAGGED: &str = "decimal(\"12.50\"), date(\"2008-02-29\") or \
                      timestamp(\"2008-02-29T00:00:00Z\")";

impl Literal {
    /// Reads the value of a parameter: a number, `true`, `false`, a word, or
    /// `{ decimal = "12.50" }`, `{ date = ".." }`, `{ timestamp = ".." }`.
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        match cursor.document() {
            Document::Integer(n) => Ok(Self::Integer(*n)),
            Document::Bool(b) => Ok(Self::Bool(*b)),
            Document::Text(text) => Ok(Self::Word(text.clone())),
            Document::Object(_) => {
                cursor.fields(&["decimal", "date", "timestamp"])?;
                let entries = cursor.entries()?;
                let [(kind, value)] = entries.as_slice() else {
                    return Err(cursor.invalid("not one value", "give one of the three"));
                };
                Self::tagged(kind, value.text()?)
                    .ok_or_else(|| value.invalid("not a value of this kind", "see its spelling"))
            }
            _ => Err(cursor.invalid(
                "not a value of a parameter",
                "write a number, true, false, a word, or { decimal | date | timestamp = \"..\" }",
            )),
        }
    }

    /// A decimal, date or timestamp.
    fn tagged(kind: &str, text: &str) -> Option<Self> {
        match kind {
            "decimal" => {
                // The scale is known later; here only the form is checked, at the widest scale.
                let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
                let parts = text.split_once('.').unwrap_or((text, "0"));
                let formed = !parts.0.is_empty() && !parts.1.is_empty();
                let formed = formed && digits(parts.0) && digits(parts.1);
                formed.then(|| Self::Decimal(text.to_owned()))
            }
            "date" => text.parse().ok().map(Self::Date),
            "timestamp" => text.parse().ok().map(Self::Timestamp),
            _ => None,
        }
    }

    /// The literal as the value of a parameter, as [`parse`](Self::parse) reads it.
    pub(super) fn to_document(&self) -> Document {
        let tagged = |kind: &str, text: String| Document::object([(kind, Document::Text(text))]);
        match self {
            Self::Integer(n) => Document::Integer(*n),
            Self::Bool(b) => Document::Bool(*b),
            Self::Word(word) => Document::text(word),
            Self::Decimal(text) => tagged("decimal", text.clone()),
            Self::Date(date) => tagged("date", date.to_string()),
            Self::Timestamp(timestamp) => tagged("timestamp", timestamp.to_string()),
        }
    }
}

/// What a term of a linear form stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    Claim { role: String, field: String },
    Param(String),
    Literal(Literal),
}

/// A whole multiple of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) factor: i128,
    pub(super) atom: Atom,
    pub(super) at: Position,
}

/// One comparison of two linear forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) left: Vec<Term>,
    pub(super) op: Comparison,
    pub(super) right: Vec<Term>,
    pub(super) at: Position,
}

impl Compared {
    /// The names of the parameters in it.
    pub(super) fn params(&self) -> impl Iterator<Item = &str> {
        self.left.iter().chain(&self.right).filter_map(|term| match &term.atom {
            Atom::Param(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// A predicate: all its comparisons hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) source: String,
    pub(super) comparisons: Vec<Compared>,
}

/// The place of an offset. Expressions are ASCII, so octets, characters and columns agree.
fn position(source: &str, offset: usize) -> Position {
    let before = source.get(..offset).unwrap_or_default();
    let last = before.rsplit('\n').next().unwrap_or_default();
    Position { line: before.matches('\n').count() + 1, column: last.len() + 1 }
}

/// A fault at a place of an expression.
pub(super) fn fault(path: &str, at: Position, message: &str, remedy: &str) -> Fault {
    let Position { line, column } = at;
    Fault::new(path, Problem::Expression { line, column, message: message.to_owned() }, remedy)
}

impl Expression {
    pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Self, Fault> {
        let source = cursor.text()?;
        // Names, codes and numbers are ASCII, so nothing that looks like one but is not gets in.
        let printable = source.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n');
        if !printable || source.len() > MAX_OCTETS {
            let remedy = format!("write at most {MAX_OCTETS} printable ASCII characters");
            return Err(cursor.invalid("this expression is not accepted", remedy));
        }
        // The parser drops `!!` without a trace, so `!` is looked for before it.
        if let Some(start) = (0..source.len()).find(|i| {
            let rest = source.get(*i..).unwrap_or_default();
            rest.starts_with('!') && !rest.starts_with("!=")
        }) {
            let (message, remedy) = unsupported(operators::LOGICAL_NOT);
            return Err(fault(cursor.path(), position(source, start), message, remedy));
        }
        let parser = Parser::new().max_recursion_depth(MAX_DEPTH).error_recovery_limit(1);
        let (root, info) = parser.parse_with_source_info(source).map_err(|errors| {
            let first = errors.errors.first();
            let (line, column) = first.map_or((1, 1), |error| error.pos);
            let at = [line, column].map(|n| usize::try_from(n).unwrap_or(1).max(1));
            let message = first.map_or("not an expression", |error| error.msg.as_str());
            let message = match message.lines().next().unwrap_or_default() {
                early if early.contains("'<EOF>'") => "the expression ends too soon",
                message => message,
            };
            let at = Position { line: at[0], column: at[1] };
            fault(cursor.path(), at, message, "write comparisons joined by &&")
        })?;
        let mut reader = Reader { path: cursor.path(), info: &info, comparisons: Vec::new() };
        reader.conjunction(&root)?;
        Ok(Self { source: source.to_owned(), comparisons: reader.comparisons })
    }
}

struct Reader<'a> {
    path: &'a str,
    info: &'a SourceInfo,
    comparisons: Vec<Compared>,
}

fn comparison(function: &str) -> Option<Comparison> {
    Some(match function {
        operators::LESS => Comparison::Lt,
        operators::LESS_EQUALS => Comparison::Le,
        operators::GREATER => Comparison::Gt,
        operators::GREATER_EQUALS => Comparison::Ge,
        operators::EQUALS => Comparison::Eq,
        operators::NOT_EQUALS => Comparison::Ne,
        _ => return None,
    })
}

/// What is wrong with a call that predicates do not have, and how to write it.
fn unsupported(function: &str) -> (&'static str, &'static str) {
    match function {
        operators::LOGICAL_OR => {
            ("`||` comes with the full language", "write the branches as policies of their own")
        }
        operators::LOGICAL_NOT => (
            "`!` comes with the full language",
            "write the opposite comparison: `>=` for `!(.. < ..)`, `== false` for `!flag`",
        ),
        operators::IN => (
            "`in` comes with the full language",
            "reveal the claim and give it `one_of`, or compare with `==`",
        ),
        operators::CONDITIONAL => ("`? :` is not part of predicates", "write a comparison"),
        operators::DIVIDE | operators::MODULO => (
            "division is not exact",
            "multiply the other side instead: `2 * a >= b` for `a >= b / 2`",
        ),
        operators::INDEX => ("there are no lists or maps here", "write role.field"),
        "today" | "now" | "years" | "days" | "between" | "at_least" | "has" => (
            "this function comes with the full language",
            "compare with a parameter or a literal; a comparison with an absent field is false",
        ),
        _ => ("there is no such function", TAGGED),
    }
}

impl Reader<'_> {
    /// Where a node begins; the parser itself points at the dot of a path and the parenthesis of a
    /// call.
    fn at(&self, node: &IdedExpr) -> Position {
        if let Expr::Select(select) = &node.expr {
            return self.at(&select.operand);
        }
        let mut start = self.info.offset_for(node.id).map_or(0, |(start, _)| start) as usize;
        if let Expr::Call(call) = &node.expr {
            let before = self.info.source.get(..start).unwrap_or_default();
            start = before.strip_suffix(call.func_name.as_str()).map_or(start, str::len);
        }
        position(&self.info.source, start)
    }

    fn refuse<T>(&self, node: &IdedExpr, message: &str, remedy: &str) -> Result<T, Fault> {
        Err(fault(self.path, self.at(node), message, remedy))
    }

    fn conjunction(&mut self, node: &IdedExpr) -> Result<(), Fault> {
        let Expr::Call(call) = &node.expr else {
            if let Expr::Select(_) | Expr::Ident(_) = &node.expr {
                self.linear(node)?;
            }
            let remedy = "compare it with something: `role.flag == true`";
            return self.refuse(node, "expected a comparison", remedy);
        };
        if call.func_name == operators::LOGICAL_AND {
            return call.args.iter().try_for_each(|part| self.conjunction(part));
        }
        let Some(op) = comparison(&call.func_name) else {
            let (message, remedy) = match call.func_name.as_str() {
                operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::NEGATE => {
                    ("expected a comparison", "compare the sum with something")
                }
                function => unsupported(function),
            };
            return self.refuse(node, message, remedy);
        };
        let [left, right] = call.args.as_slice() else {
            return self.refuse(node, "expected two sides", "write `a >= b`");
        };
        let (left, right) = (self.linear(left)?, self.linear(right)?);
        self.comparisons.push(Compared { left, op, right, at: self.at(node) });
        Ok(())
    }

    fn linear(&self, node: &IdedExpr) -> Result<Vec<Term>, Fault> {
        let atom = |atom| Ok(vec![Term { factor: 1, atom, at: self.at(node) }]);
        match &node.expr {
            Expr::Literal(value) => atom(Atom::Literal(self.literal(node, value)?)),
            Expr::Select(select) if !select.test => match &select.operand.expr {
                Expr::Ident(root) if root == "params" => atom(Atom::Param(select.field.clone())),
                Expr::Ident(role) => {
                    atom(Atom::Claim { role: role.clone(), field: select.field.clone() })
                }
                _ => self.refuse(node, "a path has two parts", "write role.field"),
            },
            Expr::Select(_) => {
                let (message, remedy) = unsupported("has");
                self.refuse(node, message, remedy)
            }
            Expr::Ident(name) => {
                let (message, remedy) = match name.as_str() {
                    "today" | "now" => unsupported(name),
                    _ => ("a name by itself means nothing", "write role.field or params.name"),
                };
                self.refuse(node, message, remedy)
            }
            Expr::Call(call) => self.call(node, call),
            _ => self.refuse(node, "predicates have no lists, maps or loops", "write a comparison"),
        }
    }

    fn literal(&self, node: &IdedExpr, value: &LiteralValue) -> Result<Literal, Fault> {
        match value {
            LiteralValue::Int(n) => Ok(Literal::Integer((*n.inner()).into())),
            LiteralValue::UInt(n) => Ok(Literal::Integer((*n.inner()).into())),
            LiteralValue::Boolean(b) => Ok(Literal::Bool(*b.inner())),
            LiteralValue::String(text) => Ok(Literal::Word(text.inner().to_owned())),
            LiteralValue::Double(_) => {
                self.refuse(node, "there is no floating point", "write decimal(\"12.50\")")
            }
            LiteralValue::Bytes(_) | LiteralValue::Null => {
                self.refuse(node, "nothing compares with this", "write a number or a word")
            }
        }
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr) -> Result<Vec<Term>, Fault> {
        let terms = match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::ADD, [left, right]) => [self.linear(left)?, self.linear(right)?].concat(),
            (operators::SUBSTRACT, [left, right]) => {
                [self.linear(left)?, self.scaled(node, -1, self.linear(right)?)?].concat()
            }
            (operators::NEGATE, [inner]) => self.scaled(node, -1, self.linear(inner)?)?,
            (operators::MULTIPLY, [left, right]) => {
                let (left, right) = (self.linear(left)?, self.linear(right)?);
                match (constant(&left), constant(&right)) {
                    (Some(factor), _) => self.scaled(node, factor, right)?,
                    (None, Some(factor)) => self.scaled(node, factor, left)?,
                    (None, None) => {
                        let remedy = "multiply by a number written out: `2 * role.field`";
                        return self.refuse(node, "a product of two unknowns", remedy);
                    }
                }
            }
            (kind @ ("decimal" | "date" | "timestamp"), [argument]) if call.target.is_none() => {
                let Expr::Literal(LiteralValue::String(text)) = &argument.expr else {
                    return self.refuse(node, "expected a string inside", TAGGED);
                };
                let Some(literal) = Literal::tagged(kind, text.inner()) else {
                    return self.refuse(node, "not a value of this kind", TAGGED);
                };
                vec![Term { factor: 1, atom: Atom::Literal(literal), at: self.at(node) }]
            }
            (function, _) if comparison(function).is_some() => {
                let remedy = "write `a < b && b < c`";
                return self.refuse(node, "comparisons do not chain", remedy);
            }
            (operators::LOGICAL_AND, _) => {
                return self.refuse(node, "`&&` joins comparisons only", "take it out of the sum");
            }
            (function, _) => {
                let (message, remedy) = unsupported(function);
                return self.refuse(node, message, remedy);
            }
        };
        if terms.len() > MAX_TERMS {
            return self.refuse(node, "too many terms", "split the predicate");
        }
        Ok(terms)
    }

    fn scaled(&self, node: &IdedExpr, by: i128, terms: Vec<Term>) -> Result<Vec<Term>, Fault> {
        let scaled = terms.into_iter().map(|mut term| {
            if let Atom::Literal(Literal::Integer(n)) = &mut term.atom {
                *n = n.checked_mul(by)?;
            } else {
                term.factor = term.factor.checked_mul(by)?;
            }
            Some(term)
        });
        match scaled.collect() {
            Some(terms) => Ok(terms),
            None => self.refuse(node, "a factor is too large", "use smaller factors"),
        }
    }
}

/// The value of a sum of whole numbers only.
fn constant(terms: &[Term]) -> Option<i128> {
    terms.iter().try_fold(0i128, |sum, term| match &term.atom {
        Atom::Literal(Literal::Integer(n)) => sum.checked_add(*n),
        _ => None,
    })
}

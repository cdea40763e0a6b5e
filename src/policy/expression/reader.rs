//! From CEL's tree to conditions and linear forms.

use super::tokens::{self, Scanned};
use super::{Atom, Compared, Count, Literal, MAX_SET, Node, Position, Set, Site, Span, Term};
use crate::document::Fault;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use sigil_circuits::Comparison;

/// Greatest number of terms after multiplication is worked out.
const MAX_TERMS: usize = 256;
/// Greatest number of comparisons, memberships, flags and names.
const MAX_CONDITIONS: usize = 128;

pub(super) struct Reader<'a> {
    pub(super) site: Site<'a>,
    pub(super) info: &'a SourceInfo,
    pub(super) scanned: &'a Scanned,
    pub(super) conditions: usize,
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

/// How the functions of the language are called.
fn signature(function: &str) -> Option<&'static str> {
    Some(match function {
        "at_least" => "write at_least(2, [a, b, c])",
        "between" => "write between(role.field, low, high)",
        "has" => "write has(role.field)",
        "years" => "write years(18) or years(params.name)",
        "days" => "write days(30) or days(params.name)",
        "hours" => "write hours(12) or hours(params.name)",
        "decimal" => "write decimal(\"12.50\")",
        "date" => "write date(\"2008-02-29\")",
        "timestamp" => "write timestamp(\"2008-02-29T00:00:00Z\")",
        _ => return None,
    })
}

/// What is wrong with a function that predicates do not have, and how to write it.
fn unknown(function: &str) -> (&'static str, &'static str) {
    match function {
        operators::INDEX => ("there are no indexes", "write role.field, or `x in [a, b]`"),
        "today" | "now" => ("`today` and `now` are no functions", "write it without brackets"),
        "int" | "uint" | "double" | "string" | "bool" | "bytes" | "dyn" | "type" => {
            ("there are no conversions", "compare values of one type")
        }
        "size" | "matches" | "contains" | "startsWith" | "endsWith" => (
            "text has no functions",
            "reveal the claim with `one_of`, or use an enumeration or a code",
        ),
        "duration" => ("there is no duration()", "write days(30), hours(12) or years(1)"),
        "all" | "exists" | "exists_one" | "existsOne" | "map" | "filter" => {
            ("there are no loops", "write every comparison, joined by `&&` or `||`")
        }
        "min" | "max" | "abs" => ("there is no such function", "write both cases, joined by `||`"),
        "any" | "at_most" | "exactly" => {
            ("there is no such function", "write at_least(k, [a, b, c]), `||` or `!`")
        }
        "not" => ("there is no such function", "write `!(..)`"),
        _ => (
            "there is no such function",
            "write at_least, between, has, years, days, hours, \
                                            decimal, date or timestamp",
        ),
    }
}

impl Reader<'_> {
    fn offset(&self, node: &IdedExpr) -> usize {
        self.info.offset_for(node.id).map_or(0, |(start, _)| start) as usize
    }

    /// Where a node begins; the parser itself points at the dot of a path and the parenthesis of a
    /// call.
    fn at(&self, node: &IdedExpr) -> Position {
        let mut node = node;
        loop {
            node = match &node.expr {
                Expr::Select(select) if !select.test => &select.operand,
                Expr::Call(CallExpr { target: Some(target), .. }) => target,
                Expr::Comprehension(macro_call) => &macro_call.iter_range,
                _ => break,
            };
        }
        let start = self.offset(node);
        let name = match &node.expr {
            Expr::Call(call) => call.func_name.as_str(),
            Expr::Select(_) => "has",
            // The sign of a number is not in its token.
            Expr::Literal(LiteralValue::Int(n)) if *n.inner() < 0 => "-",
            _ => "",
        };
        let before = self.info.source.get(..start).unwrap_or_default();
        let start = before.trim_end().strip_suffix(name).filter(|_| !name.is_empty());
        tokens::position(&self.info.source, start.map_or(before.len(), str::len))
    }

    fn refuse<T>(&self, node: &IdedExpr, message: &str, remedy: &str) -> Result<T, Fault> {
        self.site.refuse(self.at(node), message, remedy)
    }

    fn count(&mut self, at: Position) -> Result<(), Fault> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            let message = format!("more than {MAX_CONDITIONS} conditions");
            return self.site.refuse(at, &message, "split the predicate, or use `in`");
        }
        Ok(())
    }

    /// Reads what is true or false.
    pub(super) fn condition(&mut self, node: &IdedExpr) -> Result<Node, Fault> {
        let at = self.at(node);
        match &node.expr {
            Expr::Call(call) if call.target.is_none() => self.call(node, call, at),
            Expr::Select(select) => match (&select.operand.expr, select.test) {
                (Expr::Ident(root), false) if root == "params" => {
                    self.refuse(node, "a parameter by itself is no condition", "compare it")
                }
                (Expr::Ident(root), true) if root == "params" => {
                    self.refuse(node, "has() is asked of a claim", "write has(role.field)")
                }
                (Expr::Ident(role), test) => {
                    self.count(at)?;
                    let (role, field) = (role.clone(), select.field.clone());
                    Ok(match test {
                        true => Node::Has { role, field, at },
                        false => Node::Flag { role, field, at },
                    })
                }
                (_, true) => {
                    self.refuse(node, "has() is asked of a claim", "write has(role.field)")
                }
                (_, false) => self.linear(node).and_then(|_| self.no_condition(node)),
            },
            Expr::Ident(name) if name == "today" || name == "now" => self.no_condition(node),
            Expr::Ident(name) => {
                self.count(at)?;
                Ok(Node::Name { name: name.clone(), at })
            }
            Expr::Literal(LiteralValue::Boolean(_)) => {
                self.refuse(node, "this is always the same", "take it out")
            }
            _ => self.linear(node).and_then(|_| self.no_condition(node)),
        }
    }

    fn no_condition<T>(&self, node: &IdedExpr) -> Result<T, Fault> {
        self.refuse(node, "expected a condition, found a value", "compare it: `role.field >= 18`")
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr, at: Position) -> Result<Node, Fault> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (function @ (operators::LOGICAL_AND | operators::LOGICAL_OR), [left, right]) => {
                let and = function == operators::LOGICAL_AND;
                let mut parts = Vec::new();
                for part in [left, right] {
                    match (self.condition(part)?, and) {
                        (Node::All(inner), true) | (Node::Any(inner), false) => parts.extend(inner),
                        (part, _) => parts.push(part),
                    }
                }
                Ok(if and { Node::All(parts) } else { Node::Any(parts) })
            }
            (operators::LOGICAL_NOT, [inner]) => Ok(Node::Not(Box::new(self.condition(inner)?))),
            (operators::IN, [value, set]) => self.membership(node, value, set, at),
            ("at_least", [count, of]) => self.at_least(count, of),
            ("between", [value, low, high]) => {
                self.count(at)?;
                let [value, low, high] =
                    [self.linear(value)?, self.linear(low)?, self.linear(high)?];
                Ok(Node::Between { value, low, high, at })
            }
            (function, [left, right]) => match comparison(function) {
                Some(op) => {
                    self.count(at)?;
                    let (left, right) = (self.linear(left)?, self.linear(right)?);
                    Ok(Node::Compare(Compared { left, op, right, at }))
                }
                None => self.linear(node).and_then(|_| self.no_condition(node)),
            },
            _ => self.linear(node).and_then(|_| self.no_condition(node)),
        }
    }

    fn membership(
        &mut self,
        node: &IdedExpr,
        value: &IdedExpr,
        set: &IdedExpr,
        at: Position,
    ) -> Result<Node, Fault> {
        self.count(at)?;
        let value = self.linear(value)?;
        let set = match &set.expr {
            Expr::List(list) => {
                if list.elements.is_empty() || list.elements.len() > MAX_SET {
                    let message = match list.elements.len() {
                        0 => "an empty list holds nothing: this never holds".to_owned(),
                        found => format!("{found} values in one list"),
                    };
                    return self.refuse(set, &message, &format!("write 1 to {MAX_SET} values"));
                }
                let elements = list.elements.iter();
                Set::Written(
                    elements
                        .map(|e| Ok((self.element(e)?, self.at(e))))
                        .collect::<Result<_, _>>()?,
                )
            }
            Expr::Select(select) if !select.test => match &select.operand.expr {
                Expr::Ident(root) if root == "params" => {
                    Set::Param { name: select.field.clone(), at: self.at(set) }
                }
                _ => return self.no_list(set),
            },
            _ => return self.no_list(set),
        };
        match self.scanned.not_before(self.offset(node)) {
            None => Ok(Node::In { value, set, at }),
            Some(not) => {
                let at = tokens::position(&self.info.source, not);
                Ok(Node::Not(Box::new(Node::In { value, set, at })))
            }
        }
    }

    fn no_list<T>(&self, node: &IdedExpr) -> Result<T, Fault> {
        self.refuse(node, "expected a list", "write `x in [1, 2]` or `x in params.name`")
    }

    /// A value of a list.
    fn element(&self, node: &IdedExpr) -> Result<Vec<Term>, Fault> {
        let terms = self.linear(node)?;
        match terms.iter().find(|t| !matches!(t.atom, Atom::Param(_) | Atom::Literal(_))) {
            None => Ok(terms),
            Some(term) => {
                let remedy = "write it out, or compare with `==`, joined by `||`";
                self.site.refuse(term.at, "a list holds constants only", remedy)
            }
        }
    }

    fn at_least(&mut self, count: &IdedExpr, of: &IdedExpr) -> Result<Node, Fault> {
        let usage = "write at_least(2, [a, b, c])";
        let Expr::List(list) = &of.expr else {
            return self.refuse(of, "expected a list of conditions", usage);
        };
        if list.elements.is_empty() {
            return self.refuse(of, "an empty list of conditions", usage);
        }
        let Expr::Literal(LiteralValue::Int(number)) = &count.expr else {
            let message = "expected a whole number: how many is part of the circuit";
            return self.refuse(count, message, usage);
        };
        let length = list.elements.len();
        let number = usize::try_from(*number.inner()).ok().filter(|n| (1..=length).contains(n));
        let Some(count) = number else {
            let message = format!("of {length} conditions, 1 to {length} can be asked for");
            return self.refuse(count, &message, "write a number within that range");
        };
        let of = list.elements.iter().map(|part| self.condition(part));
        Ok(Node::AtLeast { count, of: of.collect::<Result<_, _>>()? })
    }

    /// Reads a sum of terms.
    fn linear(&self, node: &IdedExpr) -> Result<Vec<Term>, Fault> {
        let atom = |atom| Ok(vec![Term { factor: 1, atom, at: self.at(node) }]);
        match &node.expr {
            Expr::Literal(value) => atom(Atom::Literal(self.literal(node, value)?)),
            Expr::Select(select) if !select.test => match &select.operand.expr {
                Expr::Ident(root) if root == "params" => atom(Atom::Param(select.field.clone())),
                Expr::Ident(role) => {
                    atom(Atom::Claim { role: role.clone(), field: select.field.clone() })
                }
                Expr::Select(_) => self.refuse(node, "a path has two parts", "write role.field"),
                _ => self.refuse(node, "a path begins with a name", "write role.field"),
            },
            Expr::Select(_) => self.inside(node, "has() is a condition by itself"),
            Expr::Ident(name) => match name.as_str() {
                "today" => atom(Atom::Today),
                "now" => atom(Atom::Now),
                _ => {
                    let message = format!("\"{name}\" by itself is no value");
                    self.refuse(node, &message, "write role.field, params.name, or \"word\"")
                }
            },
            Expr::Call(call) => self.sum(node, call),
            Expr::List(_) => {
                self.refuse(node, "a list stands behind `in` only", "write `x in [1, 2]`")
            }
            Expr::Comprehension(_) => {
                let (message, remedy) = unknown("all");
                self.refuse(node, message, remedy)
            }
            _ => {
                self.refuse(node, "this is no value", "write role.field, params.name or a literal")
            }
        }
    }

    fn inside<T>(&self, node: &IdedExpr, message: &str) -> Result<T, Fault> {
        let remedy = "join conditions by `&&` and `||`; `!(..)` around a condition is its opposite";
        self.refuse(node, message, remedy)
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
            LiteralValue::Null => self.refuse(node, "there is no null", "write !has(role.field)"),
            LiteralValue::Bytes(_) => self.refuse(node, "there are no bytes", "write \"word\""),
        }
    }

    fn sum(&self, node: &IdedExpr, call: &CallExpr) -> Result<Vec<Term>, Fault> {
        if call.target.is_some() {
            let (message, remedy) = unknown(&call.func_name);
            return self.refuse(node, message, remedy);
        }
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
                        let remedy = "write `2 * role.field`: a factor is part of the circuit";
                        return self.refuse(
                            node,
                            "only a whole number written out multiplies",
                            remedy,
                        );
                    }
                }
            }
            (kind @ ("decimal" | "date" | "timestamp"), [argument]) => {
                let Expr::Literal(LiteralValue::String(text)) = &argument.expr else {
                    return self.refuse(
                        argument,
                        "expected text in quotes",
                        signature(kind).unwrap_or(""),
                    );
                };
                let Some(literal) = Literal::tagged(kind, text.inner()) else {
                    return self.refuse(
                        argument,
                        &format!("\"{}\" is no {kind}", text.inner()),
                        Literal::spelling(kind),
                    );
                };
                vec![Term { factor: 1, atom: Atom::Literal(literal), at: self.at(node) }]
            }
            ("years", [n]) => self.duration(node, Span::Years, n)?,
            ("days", [n]) => self.duration(node, Span::Days, n)?,
            ("hours", [n]) => self.duration(node, Span::Hours, n)?,
            ("between", [_, _, _]) | ("at_least", [_, _]) => {
                return self.inside(node, "a condition stands where a value should");
            }
            (function, _) => return self.refuse_call(node, function),
        };
        if terms.len() > MAX_TERMS {
            return self.refuse(node, "too many terms", "split the predicate");
        }
        Ok(terms)
    }

    /// A call that is no value.
    fn refuse_call<T>(&self, node: &IdedExpr, function: &str) -> Result<T, Fault> {
        match function {
            operators::LOGICAL_NOT => {
                let remedy = "put the whole condition in brackets: `!(a < b)`, `!(x in [..])`";
                self.refuse(node, "`!` takes a condition, and binds closer than this", remedy)
            }
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::IN => {
                self.inside(node, "a condition stands where a value should")
            }
            _ if comparison(function).is_some() => self.refuse(
                node,
                "a comparison stands where a value should",
                "comparisons do not chain: write `a < b && b < c`",
            ),
            _ => match signature(function) {
                Some(usage) => self.refuse(node, "not how this function is called", usage),
                None => {
                    let (message, remedy) = unknown(function);
                    self.refuse(node, message, remedy)
                }
            },
        }
    }

    fn duration(&self, node: &IdedExpr, span: Span, n: &IdedExpr) -> Result<Vec<Term>, Fault> {
        let refuse = |message: &str, remedy: &str| self.refuse(n, message, remedy);
        let whole = "write a whole number, or params.name of one";
        if let Expr::Literal(LiteralValue::Double(_)) = &n.expr {
            return refuse("expected a whole number", whole);
        }
        let terms = self.linear(n)?;
        let count = match terms.as_slice() {
            [Term { factor: 1, atom: Atom::Param(name), .. }] => Count::Param(name.clone()),
            terms => match constant(terms) {
                Some(number) if span.counts().contains(&number) => Count::Number(number),
                Some(_) => {
                    let (least, most) = span.counts().into_inner();
                    let message = format!("{}(n) takes {least} to {most}", span.word());
                    let remedy = "write such a number; to go back in time, subtract";
                    return refuse(&message, remedy);
                }
                None => return refuse("expected a whole number", whole),
            },
        };
        Ok(vec![Term { factor: 1, atom: Atom::Duration { span, count }, at: self.at(node) }])
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

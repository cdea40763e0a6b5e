//! Private data of EAS: an attestation holds a Merkle root, its holder opens leaves.
//!
//! A leaf is a type, a name, a value and a salt. Its hash is
//! keccak(keccak(abi(string type, string name, bytes abi(value), bytes32 salt))): hashed twice, so
//! that no pair of nodes, 64 octets hashed once, can be read as a leaf. Leaves are sorted by their
//! hashes and fill an array from its end; node i is keccak of its children 2i + 1 and 2i + 2, the
//! lesser first. The root is node 0.
//!
//! A multiproof opens some leaves with the fewest nodes. A queue starts with their hashes; each flag
//! takes one entry from it, joins it with the next entry (true) or with the next node of the proof
//! (false), and appends the parent. What is left is the root. The numbers must agree: one flag per
//! join, |leaves| + |proof| = |flags| + 1, and a node of the proof for each false flag. A proof of no
//! leaves shows nothing and is refused.
//!
//! A salt that two leaves share lets who sees one guess the other; equal leaves are refused, salts
//! that repeat are reported.

use super::json::Json;
use super::place::Place;
use super::schema::{ForeignField, ForeignSchema, Kind};
use super::{ExchangeError, Foreign, Format, abi};
use crate::document::{Fault, Problem};
use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{B256, keccak256};
use std::collections::{HashSet, VecDeque};

/// Greatest number of leaves.
const MAX_LEAVES: usize = 4096;

/// The schema of attestations that hold a root: `bytes32 privateData`, revocable, no resolver.
pub(super) const ROOT_SCHEMA: &str =
    "0x20351f973fdec1478924c89dfa533d8f872defa108d9c3c6512267d7e7e5dbc2";

/// A leaf, opened.
#[derive(Clone, PartialEq)]
pub struct Leaf {
    written: String,
    kind: DynSolType,
    name: String,
    value: DynSolValue,
    salt: B256,
}

impl Eq for Leaf {}

impl std::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaf").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Leaf {
    fn read(place: &Place<'_>) -> Result<Self, Fault> {
        let written = place.need("type")?;
        let kind = abi::parse_type(written.text()?);
        let kind = kind.map_err(|problem| written.invalid(problem, "write a type of the ABI"))?;
        let value = abi::from_json(&kind, &place.need("value")?)?;
        let name = place.need("name")?.text()?.to_owned();
        let salt = place.need("salt")?.word()?;
        Ok(Self { written: written.text()?.to_owned(), kind, name, value, salt })
    }

    /// The hash that stands in the tree.
    pub fn hash(&self) -> B256 {
        let encoded = abi::encode(&[
            DynSolValue::String(self.written.clone()),
            DynSolValue::String(self.name.clone()),
            DynSolValue::Bytes(abi::encode(std::slice::from_ref(&self.value))),
            DynSolValue::FixedBytes(self.salt, 32),
        ]);
        keccak256(keccak256(encoded))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type, as it was written.
    pub fn kind(&self) -> &str {
        &self.written
    }

    pub(super) fn value(&self) -> &DynSolValue {
        &self.value
    }

    fn to_json(&self) -> Json {
        Json::object(vec![
            ("type", Json::text(&self.written)),
            ("name", Json::text(&self.name)),
            ("value", abi::to_json(&self.value)),
            ("salt", Json::text(self.salt.to_string())),
        ])
    }
}

/// Leaves and the root that they have been checked to belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateData {
    root: B256,
    leaves: Vec<Leaf>,
    whole: bool,
}

impl PrivateData {
    /// The root, 32 octets.
    pub fn root(&self) -> [u8; 32] {
        self.root.0
    }

    /// The leaves that are open, in the order in which they came.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Whether these are all the leaves of the tree.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The schema that the open leaves make up.
    pub fn schema(&self) -> ForeignSchema {
        let fields = self.leaves.iter().map(|leaf| ForeignField {
            name: (!leaf.name.is_empty()).then(|| leaf.name.clone()),
            kind: Kind::Abi(leaf.kind.clone()),
            written: leaf.written.clone(),
        });
        ForeignSchema::of_fields(fields.collect())
    }

    /// A multiproof, as JSON, that opens the leaves at some positions and no other.
    pub fn prove(&self, positions: &[usize]) -> Result<String, ExchangeError> {
        let fault = |problem: &str, remedy: &str| {
            Fault::new("$", Problem::Invalid(problem.to_owned()), remedy)
        };
        if !self.whole {
            return Err(fault("only some leaves are known", "prove from the whole tree"));
        }
        let chosen: HashSet<usize> = positions.iter().copied().collect();
        if chosen.is_empty() || chosen.len() != positions.len() {
            return Err(fault("no leaf, or one twice", "choose each leaf once"));
        }
        let (tree, order) = tree(&self.leaves);
        let last = tree.len() - 1;
        let mut open: Vec<(usize, &Leaf)> = Vec::new();
        for (rank, position) in order.iter().enumerate() {
            if chosen.contains(position) {
                open.extend(self.leaves.get(*position).map(|leaf| (last - rank, leaf)));
            }
        }
        if open.len() != chosen.len() {
            return Err(fault("no such leaf", "choose positions of leaves, from 0"));
        }
        open.sort_by_key(|(node, _)| std::cmp::Reverse(*node));
        let mut queue: VecDeque<usize> = open.iter().map(|(node, _)| *node).collect();
        let (mut nodes, mut flags) = (Vec::new(), Vec::new());
        while let Some(node) = queue.pop_front().filter(|node| *node > 0) {
            let sibling = if node.is_multiple_of(2) { node - 1 } else { node + 1 };
            let joined = queue.front() == Some(&sibling);
            if joined {
                queue.pop_front();
            } else {
                nodes.extend(tree.get(sibling).map(|hash| Json::text(hash.to_string())));
            }
            flags.push(Json::Bool(joined));
            queue.push_back((node - 1) / 2);
        }
        let leaves = open.iter().map(|(_, leaf)| leaf.to_json()).collect();
        let proof = Json::object(vec![
            ("leaves", Json::Array(leaves)),
            ("proof", Json::Array(nodes)),
            ("proofFlags", Json::Array(flags)),
        ]);
        Ok(proof.compact())
    }
}

fn join(a: B256, b: B256) -> B256 {
    keccak256([a.min(b).as_slice(), a.max(b).as_slice()].concat())
}

/// The nodes of the tree over some leaves, and the positions of the leaves by rank of their hash.
fn tree(leaves: &[Leaf]) -> (Vec<B256>, Vec<usize>) {
    let mut hashes: Vec<(B256, usize)> =
        leaves.iter().enumerate().map(|(i, leaf)| (leaf.hash(), i)).collect();
    hashes.sort_unstable();
    let sorted: Vec<B256> = hashes.iter().map(|(hash, _)| *hash).collect();
    (nodes(&sorted), hashes.into_iter().map(|(_, position)| position).collect())
}

/// The nodes of the tree over sorted hashes, the root first.
fn nodes(sorted: &[B256]) -> Vec<B256> {
    // From the end: leaves, then parents, each of the two nodes at twice its distance.
    let mut backwards: Vec<B256> = sorted.to_vec();
    let count = (2 * sorted.len()).saturating_sub(1);
    while backwards.len() < count {
        let node = count - 1 - backwards.len();
        let child = |i: usize| backwards.get(count - 1 - i).copied().unwrap_or_default();
        let parent = join(child(2 * node + 1), child(2 * node + 2));
        backwards.push(parent);
    }
    backwards.reverse();
    backwards
}

/// The root that a multiproof leads to.
fn lead(leaves: &[Leaf], proof: &[B256], flags: &[bool]) -> Result<B256, &'static str> {
    if leaves.is_empty() {
        return Err("it opens no leaf");
    }
    let false_flags = flags.iter().filter(|flag| !**flag).count();
    if leaves.len() + proof.len() != flags.len() + 1 || proof.len() != false_flags {
        return Err("leaves, nodes and flags are not as many as belong together");
    }
    let mut queue: VecDeque<B256> = leaves.iter().map(Leaf::hash).collect();
    let mut nodes = proof.iter().copied();
    for flag in flags {
        let first = queue.pop_front();
        let second = if *flag { queue.pop_front() } else { nodes.next() };
        let (Some(first), Some(second)) = (first, second) else {
            return Err("a flag asks for a node that is not there");
        };
        queue.push_back(join(first, second));
    }
    match queue.pop_front() {
        Some(root) if queue.is_empty() => Ok(root),
        _ => Err("more than one node is left"),
    }
}

/// Reads a tree `{root, values}`, or a proof `{leaves, proof, proofFlags}` with or without its root
/// beside it.
pub(super) fn read(place: &Place<'_>) -> Result<Foreign, Fault> {
    let stated = place.find("root");
    let wrapped = place.find("proof").filter(|proof| matches!(proof.json, Json::Object(_)));
    let values = place.find("values");
    let inner = wrapped.unwrap_or_else(|| place.clone());
    let listed = match &values {
        Some(values) => values.clone(),
        None => inner.need("leaves")?,
    };
    let leaves = read_leaves(&listed)?;
    let root = match &values {
        Some(_) => tree(&leaves).0.first().copied().unwrap_or_default(),
        None => {
            let proof = inner.need("proof")?;
            let hashes = proof.items()?.iter().map(Place::word).collect::<Result<Vec<_>, _>>()?;
            let flags = inner.need("proofFlags")?;
            let bits = flags.items()?.iter().map(Place::boolean).collect::<Result<Vec<_>, _>>()?;
            let remedy = "give the proof as its tree wrote it, whole";
            lead(&leaves, &hashes, &bits).map_err(|problem| flags.invalid(problem, remedy))?
        }
    };
    if let Some(stated) = &stated
        && stated.word()? != root
    {
        let remedy =
            "fetch it again: a leaf, a salt or a node differs from what the root commits to";
        return Err(stated.invalid("not the root of these leaves", remedy));
    }
    let id = root.to_string();
    let mut record = Foreign::new(Format::EasPrivate, place.json, id, ROOT_SCHEMA.to_owned());
    if stated.is_none() {
        record.lose("root", "not stated: any proof leads to some root, compare it with one");
    }
    record.lose("attester", "private data are not signed: open them with their attestation");
    let salts: HashSet<B256> = leaves.iter().map(|leaf| leaf.salt).collect();
    if salts.len() < leaves.len() {
        record.lose("salt", "one salt for several leaves: who sees one can guess the others");
    }
    record.data = root.to_vec();
    record.private = Some(PrivateData { root, leaves, whole: values.is_some() });
    Ok(record)
}

fn read_leaves(listed: &Place<'_>) -> Result<Vec<Leaf>, Fault> {
    let items = listed.items()?;
    if !(1..=MAX_LEAVES).contains(&items.len()) {
        let remedy = format!("keep 1 to {MAX_LEAVES} leaves");
        return Err(listed.invalid(format!("{} leaves", items.len()), remedy));
    }
    let mut seen = HashSet::new();
    let mut leaves = Vec::new();
    for item in items {
        let leaf = Leaf::read(&item)?;
        if !seen.insert(leaf.hash()) {
            return Err(item.invalid("the leaf stands twice", "keep one of the two"));
        }
        leaves.push(leaf);
    }
    Ok(leaves)
}

#[cfg(test)]
pub(super) fn root_of(mut hashes: Vec<B256>) -> B256 {
    hashes.sort_unstable();
    nodes(&hashes).first().copied().unwrap_or_default()
}

//! What every test of the command line starts from: a directory of its own, and a policy, a credential
//! and a request in it.

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

pub(crate) const AUDIENCE: &str = "https://shop.example";
pub(crate) const TIME: &str = "2026-06-01T12:00:00Z";
pub(crate) const SOON: &str = "2026-06-01T12:01:00Z";

const PERSON: &str = r#"
format = "sigil-schema/1"
name = "test/person"
version = "1.0.0"
fields = [
  { name = "birth_date", type = "date" },
  { name = "country", type = "code" },
  { name = "nickname", type = "text" },
  { name = "points", type = "uint(16)", optional = true },
]
"#;

const POLICY: &str = r#"
format = "sigil-policy/1"
id = "test/adult"
version = "1.0.0"

[[roles]]
name = "person"
schema = "{schema}"
issuers = ["{issuer}"]

[[claims]]
path = "person.country"
disclosure = "must"
one_of = ["CH", "PT"]

[[claims]]
path = "person.points"
disclosure = "may"

[params]
born_by = { date = "2008-06-01" }

[[predicates]]
name = "adult"
expr = "person.birth_date <= params.born_by"
"#;

pub(crate) const RECORD: &str =
    r#"{ "birth_date": "1990-04-17", "country": "PT", "nickname": "Zaphod", "points": 4711 }"#;

/// A directory of its own that goes when the test does.
pub(crate) struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sigil-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A command line, its words parted by spaces, to be run in the directory.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigil"));
        command.current_dir(&self.0).args(line.split_whitespace());
        command
    }

    /// Runs a command line, its words parted by spaces, in the directory.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a command line that must end with this exit code, and gives all that it printed.
    pub(crate) fn ends(&self, code: i32, line: &str) -> String {
        let output = self.run(line);
        let text = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap());
        assert_eq!(output.status.code(), Some(code), "{line}\n{}{}", text[0], text[1]);
        text.concat()
    }

    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ends(0, &format!("{line} --json"))).unwrap()
    }

    /// Nothing half-written lies about.
    pub(crate) fn assert_no_remains(&self) {
        for entry in fs::read_dir(&self.0).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.starts_with('.'), "{name} was left behind");
        }
    }
}

pub(crate) const ISSUE: &str =
    "issue --issuer issuer --schema person.toml --valid-from 2026-01-01 --valid-until 2027-01-01";

/// Everything up to a request of [`TIME`].
pub(crate) fn requested(name: &str) -> Place {
    let place = Place::new(name);
    let issuer = place.json("issuer init --out issuer");
    place.write("person.toml", PERSON);
    let schema = place.json("schema id person.toml");
    let policy = POLICY
        .replace("{schema}", schema["schema"].as_str().unwrap())
        .replace("{issuer}", issuer["issuer"].as_str().unwrap());
    place.write("policy.toml", policy);
    place.write("record.json", RECORD);
    place.ends(0, &format!("{ISSUE} --record record.json --out credential.json"));
    place.ends(0, "setup --policy policy.toml --schema person.toml --out terms");
    request(&place, "request.json");
    place
}

pub(crate) fn request(place: &Place, out: &str) {
    place.ends(
        0,
        &format!(
            "request --bundle terms/bundle.json --audience {AUDIENCE} --time {TIME} --out {out}"
        ),
    );
}

pub(crate) fn prove(request: &str, out: &str) -> String {
    format!(
        "prove --terms terms --request {request} --credential person=credential.json --now {SOON} \
         --out {out}"
    )
}

pub(crate) fn verify(request: &str, presentation: &str) -> String {
    format!(
        "verify --terms terms --request {request} --audience {AUDIENCE} --now {SOON} \
         --presentation {presentation}"
    )
}

/// Whether a text shows a value. A short one counts by itself only: four digits stand in many a hash.
pub(crate) fn shows(text: &str, value: &str) -> bool {
    let apart = |neighbour: Option<char>| !neighbour.is_some_and(char::is_alphanumeric);
    text.match_indices(value).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + value.len()..]);
        value.len() > 8 || apart(before.chars().next_back()) && apart(after.chars().next())
    })
}

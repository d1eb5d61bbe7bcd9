//! The house's walls, checked on what cargo really links: which room may stand on which, and where each outside crate
//! has its one home. An arrow or a crate that is not written here fails, so that a new one is a decision.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use homes::{HOMES, Home};

#[path = "house/files.rs"]
mod files;
#[path = "house/homes.rs"]
mod homes;

/// An allowed arrow between two of our rooms, and why it is there.
struct Arrow(&'static str, &'static str, &'static str);

/// What is linked into a program that runs at an office.
const ARROWS: &[Arrow] = &[
    Arrow(
        "card",
        "relay-core",
        "chance for challenges; the card room knows no people",
    ),
    Arrow("issuance", "card", "making a card is the office's procedure"),
    Arrow("issuance", "relay-core", "clock, chance, ids and the audit envelope"),
    Arrow("office", "card", "the names of key slots, as records keep them"),
    Arrow("office", "issuance", "implements the port `Records`, stores its states"),
    Arrow(
        "office",
        "relay-core",
        "seals personal columns, writes the audit envelope",
    ),
    Arrow("office", "store", "the one door to the database"),
    Arrow(
        "store",
        "relay-core",
        "chance for the private cluster's passwords, the envelope of trails",
    ),
    Arrow("console", "card", "readers and inserted cards are watched at the desk"),
    Arrow("console", "issuance", "the desk carries out its procedures"),
    Arrow(
        "console",
        "madoguchi-screens",
        "the desk carries out what the screens ask for",
    ),
    Arrow(
        "madoguchi-screens",
        "issuance",
        "the screens show its procedures and ask its rules",
    ),
    Arrow("madoguchi-screens", "relay-core", "ids and the words of a registration"),
    Arrow("console", "office", "plain reading and listing"),
    Arrow("console", "relay-core", "clock, chance and ids are handed in from here"),
    Arrow("console", "settings", "one configuration file, secrets in files"),
    Arrow("settings", "relay-core", "the seal and the chance of its keys"),
    Arrow("portal-kit", "settings", "one configuration file, secrets in files"),
    Arrow("console", "store", "the launcher makes and starts the private cluster"),
    Arrow(
        "virtual-card",
        "card",
        "one vocabulary of commands on both sides of the reader",
    ),
    Arrow("virtual-card", "relay-core", "the operating system's chance"),
    Arrow(
        "relay-records",
        "relay-core",
        "seals what it keeps, writes the audit envelope",
    ),
    Arrow("relay-records", "store", "the one door to the database"),
    Arrow("provider-records", "relay-core", "seals what it keeps"),
    Arrow("provider-records", "store", "the one door to the database"),
    Arrow("relay-saml", "relay-core", "chance for ids and content keys"),
    Arrow("portal-kit", "relay-core", "clock, chance and seals of cookies"),
    Arrow("relay", "relay-core", "the front's half of a pseudonym, envelopes"),
    Arrow("relay", "relay-saml", "the identity provider's side of SAML"),
    Arrow("relay", "portal-kit", "listeners, headers, words"),
    Arrow("relay", "relay-records", "what the front keeps"),
    Arrow("relay", "store", "opens its own database"),
    Arrow("blind", "relay-core", "the blind half of a pseudonym, envelopes"),
    Arrow(
        "blind",
        "relay-saml",
        "seals names to services, checks their LogoutRequests",
    ),
    Arrow("blind", "portal-kit", "listeners"),
    Arrow("blind", "relay-records", "hashes of what it made"),
    Arrow("blind", "store", "opens its own database"),
    Arrow("portal-service", "relay-core", "clock, chance and seals"),
    Arrow("portal-service", "relay-saml", "the relying party's side of SAML"),
    Arrow("portal-service", "portal-kit", "listeners, headers, words"),
    Arrow(
        "portal-service",
        "provider-records",
        "sessions, requests, what was taken",
    ),
    Arrow("portal-service", "store", "opens a portal's own database"),
    Arrow("my-page", "portal-service", "a portal is an instance of it"),
    Arrow("my-page", "portal-kit", "pages and words"),
    Arrow("my-page", "relay-saml", "the names of the ways to sign in"),
    Arrow("eligibility", "portal-service", "a portal is an instance of it"),
    Arrow("eligibility", "portal-kit", "pages, words, configuration"),
    Arrow("eligibility", "relay-saml", "the insurer's answer, the ways to sign in"),
    Arrow("eligibility", "relay-core", "clock, and what is said at the desk"),
    Arrow("back-office-records", "relay-core", "seals what it keeps"),
    Arrow("back-office-records", "store", "the one door to the database"),
    Arrow("back-office", "portal-service", "to the relay a provider is a service"),
    Arrow("back-office", "portal-kit", "configuration, listener"),
    Arrow("back-office", "relay-saml", "queries and answers of ID-WSF"),
    Arrow("back-office", "relay-core", "clock and chance"),
    Arrow("back-office", "back-office-records", "what it keeps of its people"),
    Arrow("back-office", "store", "opens its own database"),
    Arrow("demo-relay", "back-office-records", "lays out the providers' databases"),
    Arrow("demo-relay", "relay-core", "plays the ceremony and the office's keys"),
    Arrow("demo-relay", "relay-saml", "reads the metadata that it registers"),
    Arrow("demo-relay", "portal-kit", "asks the front's administration"),
    Arrow(
        "demo-relay",
        "portal-testing",
        "a demonstration makes its certificates on the spot, as tests do",
    ),
    Arrow("demo-relay", "relay-records", "lays out both halves' databases"),
    Arrow("demo-relay", "provider-records", "lays out My Page's database"),
    Arrow("demo-relay", "store", "finds the private cluster"),
    Arrow("publisher", "portal-kit", "listener and the surroundings of routes"),
    Arrow("publisher", "relay-core", "the clock of its pace"),
    Arrow(
        "publisher",
        "certificate-status",
        "answers whether a certificate is good",
    ),
    Arrow(
        "issuance",
        "certificate-status",
        "the form of lists and registers that the authority signs",
    ),
    Arrow(
        "console",
        "certificate-status",
        "`doctor` asks the responder as anybody does",
    ),
    Arrow("card-bridge", "card", "signs with the card in the desk's reader"),
    Arrow("card-bridge", "relay-core", "clock and chance"),
    Arrow("card-bridge", "portal-kit", "listener, headers, words"),
];

/// Help for tests, crates that no program links.
const TEST_SUPPORT: &[&str] = &[
    "portal-testing",
    "provider-records-testing",
    "relay-records-testing",
    "relay-testing",
];

/// Arrows that exist in tests and measures only.
const TEST_ARROWS: &[Arrow] = &[
    Arrow(
        "back-office",
        "my-page",
        "a resident reads at My Page what a provider answers",
    ),
    Arrow("back-office", "eligibility", "a clinic's desk asks a provider"),
    Arrow("back-office", "card-bridge", "a reception in a real browser"),
    Arrow("back-office", "card", "making the card that is laid down there"),
    Arrow("back-office", "virtual-card", "that card behind a real pcscd"),
    Arrow("back-office", "portal-testing", "secrets in files"),
    Arrow("back-office", "provider-records-testing", "fresh databases for tests"),
    Arrow("back-office", "relay-records", "the front's agreements"),
    Arrow(
        "back-office",
        "relay-testing",
        "a relay with both halves, cards, browsers",
    ),
    Arrow("back-office", "store", "fresh databases for tests"),
    Arrow("issuance", "virtual-card", "the whole issue on a software body"),
    Arrow("console", "virtual-card", "the counter's day in a pseudo-terminal"),
    Arrow("console", "store", "fresh databases for tests"),
    Arrow("console", "office", "an office with people at its desks for tests"),
    Arrow("office", "store", "fresh databases for tests"),
    Arrow("blind", "store", "fresh databases for tests"),
    Arrow("card-bridge", "virtual-card", "the desk's card behind a real pcscd"),
    Arrow("my-page", "card-bridge", "signing in at a desk, in a real browser"),
    Arrow("my-page", "card", "making the card that is signed in with"),
    Arrow("my-page", "virtual-card", "the desk's card behind a real pcscd"),
    Arrow(
        "my-page",
        "relay-testing",
        "signing in at the real front and blind half",
    ),
    Arrow("my-page", "portal-testing", "certificates made on the spot"),
    Arrow("my-page", "provider-records-testing", "fresh databases for tests"),
    Arrow("blind", "portal-testing", "certificates made on the spot"),
    Arrow("blind", "relay-records-testing", "fresh databases for tests"),
    Arrow(
        "card-bridge",
        "portal-testing",
        "a front of its own, with certificates made on the spot",
    ),
    Arrow("portal-kit", "portal-testing", "certificates made on the spot"),
    Arrow(
        "relay",
        "relay-testing",
        "a relay with both halves, cards, services, browsers",
    ),
    Arrow("relay", "portal-testing", "certificates and ports"),
    Arrow(
        "relay",
        "relay-records-testing",
        "the records' keys, for the load's cities",
    ),
    Arrow("relay", "store", "databases that are taken away"),
    Arrow("relay-records", "relay-records-testing", "fresh databases"),
    Arrow("relay-records", "store", "fresh databases for tests"),
    Arrow("provider-records", "provider-records-testing", "fresh databases"),
    Arrow("provider-records", "store", "fresh databases for tests"),
    Arrow("relay", "card", "making the card that curl signs in with"),
    Arrow("relay", "virtual-card", "that card behind a real pcscd"),
    Arrow("my-page", "relay-core", "a clock that the test moves"),
    Arrow("eligibility", "portal-testing", "the check of words"),
    Arrow("portal-service", "portal-testing", "the check of words"),
    Arrow("portal-service", "relay-testing", "a new portal at a real relay"),
    Arrow("my-page", "store", "fresh databases for tests"),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        // What other systems would link was never fetched here.
        .other_options(vec![
            "--locked".into(),
            "--offline".into(),
            "--filter-platform".into(),
            format!("{}-unknown-linux-gnu", std::env::consts::ARCH),
        ])
        .exec()
        .expect("cargo metadata answers inside the workspace")
}

/// Our rooms' direct dependencies of the kinds that `wanted` takes.
fn direct(metadata: &Metadata, wanted: fn(DependencyKind) -> bool) -> BTreeMap<String, BTreeSet<String>> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let names = package
                .dependencies
                .iter()
                .filter(|dependency| wanted(dependency.kind))
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), names)
        })
        .collect()
}

/// Everything linked into `root`'s programs, through any number of steps; development dependencies are not.
fn linked(metadata: &Metadata, root: &str) -> BTreeSet<String> {
    let resolve = metadata
        .resolve
        .as_ref()
        .expect("metadata with dependencies is resolved");
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let name = |id: &PackageId| metadata[id].name.to_string();
    let start = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| *package.name == root)
        .unwrap_or_else(|| panic!("{root} is a room of ours"));
    let mut seen = BTreeSet::from([&start.id]);
    let mut queue = VecDeque::from([&start.id]);
    while let Some(id) = queue.pop_front() {
        for dependency in &nodes[id].deps {
            let really = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal);
            if really && seen.insert(&dependency.pkg) {
                queue.push_back(&dependency.pkg);
            }
        }
    }
    seen.into_iter().map(name).collect()
}

#[test]
fn rooms_stand_only_on_the_rooms_that_an_arrow_names() {
    let metadata = metadata();
    let rooms: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|room| room.name.to_string())
        .collect();
    for (found, allowed, what) in [
        (
            direct(&metadata, |kind| kind != DependencyKind::Development),
            ARROWS,
            "links",
        ),
        (
            direct(&metadata, |kind| kind == DependencyKind::Development),
            TEST_ARROWS,
            "is tested with",
        ),
    ] {
        for (room, on) in found {
            // What only tests link may stand on what it tests.
            if TEST_SUPPORT.contains(&room.as_str()) {
                continue;
            }
            // A room may ask for its own test support.
            for other in on.intersection(&rooms).filter(|other| **other != room) {
                assert!(
                    allowed.iter().any(|Arrow(from, to, _)| *from == room && to == other),
                    "{room} {what} {other}: no arrow says so. If it must, write the arrow and its reason here."
                );
            }
        }
    }
}

#[test]
fn every_arrow_is_drawn_somewhere() {
    // An arrow nobody uses is a permission nobody asked for.
    let metadata = metadata();
    for (found, arrows) in [
        (direct(&metadata, |kind| kind != DependencyKind::Development), ARROWS),
        (
            direct(&metadata, |kind| kind == DependencyKind::Development),
            TEST_ARROWS,
        ),
    ] {
        for Arrow(from, to, reason) in arrows {
            assert!(
                found[*from].contains(*to),
                "{from} → {to} ({reason}) is not used; take it out"
            );
        }
    }
}

#[test]
fn each_outside_crate_has_one_home() {
    let metadata = metadata();
    for (room, on) in direct(&metadata, |kind| kind != DependencyKind::Development) {
        for Home(name, homes, reason) in HOMES {
            assert!(
                !on.contains(*name) || homes.contains(&room.as_str()),
                "{room} uses {name}, whose home is {homes:?}: {reason}"
            );
        }
    }
}

#[test]
fn the_shared_core_knows_no_room_that_knows_people() {
    let linked = linked(&metadata(), "relay-core");
    for room in ["issuance", "office", "console", "card", "store"] {
        assert!(!linked.contains(room), "relay-core links {room}");
    }
}

#[test]
fn the_card_room_knows_no_people() {
    let linked = linked(&metadata(), "card");
    for room in ["issuance", "office", "console", "store"] {
        assert!(!linked.contains(room), "card links {room}");
    }
}

#[test]
fn a_virtual_card_is_never_linked_into_the_console() {
    let linked = linked(&metadata(), "console");
    for development in ["virtual-card", "rsa"] {
        assert!(!linked.contains(development), "console links {development}");
    }
    // The walk reaches what is linked through others, so the absence above means something.
    assert!(linked.contains("pcsc") && linked.contains("tokio-postgres"));
}

/// The programs of an office, a relay and a portal: what `make build` makes but for the demonstration's own set-up.
#[test]
fn no_program_links_test_certificates_and_only_the_relay_and_portals_link_xml() {
    let metadata = metadata();
    let programs: Vec<String> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.targets.iter().any(cargo_metadata::Target::is_bin))
        .map(|package| package.name.to_string())
        .collect();
    assert!(programs.len() >= 7, "{programs:?}");
    for program in programs {
        let linked = linked(&metadata, &program);
        for support in TEST_SUPPORT {
            assert!(
                !linked.contains(*support) || (program == "demo-relay" && *support == "portal-testing"),
                "{program} links {support}"
            );
        }
        let speaks =
            ["relay", "blind", "my-page", "back-office", "eligibility", "demo-relay"].contains(&program.as_str());
        for xml in ["relay-saml", "bergshamra", "uppsala"] {
            assert_eq!(linked.contains(xml), speaks, "{program} and {xml}");
        }
    }
    // Features are the union of what one build asks for: a room whose test support is a feature would have it in
    // every program that is built beside a test.
    for package in metadata.workspace_packages() {
        let folders = ["portals", "relay-core", "sql/relay", "sql/provider", "sql/back-office"];
        let inside = package.manifest_path.strip_prefix(&metadata.workspace_root);
        let inside = inside.expect("a room stands in the workspace");
        if folders.iter().any(|folder| inside.starts_with(folder)) {
            assert!(package.features.is_empty(), "{}: {:?}", package.name, package.features);
        }
    }
}

#[test]
fn no_portal_or_relay_knows_the_room_that_knows_people() {
    let metadata = metadata();
    let portals: Vec<_> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| {
            let inside = package.manifest_path.strip_prefix(&metadata.workspace_root);
            inside.is_ok_and(|inside| inside.starts_with("portals"))
        })
        .map(|package| package.name.to_string())
        .collect();
    for portal in portals {
        let linked = linked(&metadata, &portal);
        assert!(!linked.contains("issuance"), "{portal} links issuance");
        assert!(!linked.contains("office"), "{portal} links the office database");
        // The helper at a desk talks to cards, and to nothing else of the office.
        assert!(
            portal == "card-bridge" || !linked.contains("card"),
            "{portal} links card"
        );
    }
}

/// The relay's operators are not the city. Their console is the same program, which links the office in: that nothing of
/// theirs goes through it is a rule of these files.
#[test]
fn what_the_relays_operators_run_names_neither_the_office_nor_a_database() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = [
        "desk/operators.rs",
        "desk/relay_card.rs",
        "desk/relay_front.rs",
        "commands/relay.rs",
        "commands/relay_words.rs",
        "config/relay_operator.rs",
        "../screens/src/facts/relay.rs",
    ]
    .map(|file| source.join(file))
    .to_vec();
    for folder in [
        "desk/operators",
        "../screens/src/screens/relay",
        "../screens/src/screens/relay/partner",
    ] {
        let found = std::fs::read_dir(source.join(folder)).unwrap();
        files.extend(found.map(|file| file.unwrap().path()).filter(|path| path.is_file()));
    }
    assert!(files.len() > 12, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let names_it = [
                "office::",
                "Office::",
                "OfficeError",
                "store::",
                "database::",
                "secrets::sealer",
            ];
            let named = names_it.iter().find(|name| line.contains(**name));
            assert!(named.is_none(), "{}: {line}", file.display());
        }
    }
}

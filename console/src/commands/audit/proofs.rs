//! Proofs for others: that an event is in the trail, that one head goes on from another, and the newest head itself.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use store::trail::tree::Hash;

use crate::{
    commands::{Setting, database::Records, output::answer},
    trail::verifier,
};

/// Proves one event by the newest head; one line of JSON, which holds all that RFC 6962 asks for.
pub(super) fn prove(setting: &Setting, seq: i64) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let Records { runtime, office } = Records::open_as(&config, office::READER)?;
    let (note, (tree, placed)) = runtime.block_on(async {
        let note = office.newest_head().await?;
        anyhow::Ok((note, office.tree(Some(seq)).await?))
    })?;
    let note = note.context("no head was signed yet")?;
    let head = verifier(&config.trail.public_key_file)?.open(&note)?;
    let placed = placed.context("the event has no place")?;
    let proof = tree
        .prove_inclusion(head.size, placed.place)
        .context("the event is younger than the newest head")?;
    answer!(
        "{}",
        json!({
            "seq": seq, "place": placed.place, "leaf": hex::encode(placed.leaf), "size": head.size,
            "root": hex::encode(head.root), "proof": hashes(&proof), "head": note,
        })
    );
    Ok(ExitCode::SUCCESS)
}

/// Proves that the tree of `new` events only added to the one of `old`.
pub(super) fn consistency(setting: &Setting, old: u64, new: u64) -> anyhow::Result<ExitCode> {
    let Records { runtime, office } = Records::open_as(&setting.config()?, office::READER)?;
    let (tree, _) = runtime.block_on(office.tree(None))?;
    let too_few = || {
        setting.lang.pick(
            format!(
                "封のある記録は {} 件です。1 以上で OLD ≦ NEW の数を二つ示してください。",
                tree.size()
            ),
            format!(
                "{} events are sealed: give two sizes, at least 1, the older first.",
                tree.size()
            ),
        )
    };
    let proof = tree.prove_consistency(old, new).with_context(too_few)?;
    answer!(
        "{}",
        json!({
            "old": old, "old_root": hex::encode(tree.root_at(old)?), "new": new, "new_root": hex::encode(tree.root_at(new)?),
            "proof": hashes(&proof),
        })
    );
    Ok(ExitCode::SUCCESS)
}

/// The newest head as it was signed.
pub(super) fn head(setting: &Setting) -> anyhow::Result<ExitCode> {
    let Records { runtime, office } = Records::open_as(&setting.config()?, office::READER)?;
    let note = runtime.block_on(office.newest_head())?;
    match note {
        Some(note) => answer!("{}", note.trim_end()),
        None => anyhow::bail!(setting.lang.pick("まだ先端がありません。", "No head was signed yet.")),
    }
    Ok(ExitCode::SUCCESS)
}

fn hashes(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(hex::encode).collect()
}

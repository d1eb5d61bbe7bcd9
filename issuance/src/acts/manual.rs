//! The list of acts as the auditor's manual prints it, made from the rows.

use std::fmt::Write as _;

use super::{ALL, ActRow, Second, SecondPurpose, Who};
use crate::staff::Role;

/// Every act in a table (Markdown, Japanese): name, meaning, who may do it, for what another clerk agrees.
pub fn table() -> String {
    let mut text = String::from("| 行為 | 意味 | できる人 | 二人目 |\n|---|---|---|---|\n");
    for row in ALL {
        let (name, meaning) = (row.name, row.meaning.japanese);
        let _ = writeln!(text, "| `{name}` | {meaning} | {} | {} |", who(row), second(row));
    }
    text
}

fn who(row: &ActRow) -> String {
    let roles = || {
        let named: Vec<&str> = row.roles().iter().map(|role| role_name(*role)).collect();
        named.join("・")
    };
    match row.who {
        Who::Anyone => "—".to_owned(),
        Who::Roles(_) => roles(),
        Who::RolesOrProgram(_) => format!("{}、または人のいない処理", roles()),
        Who::RolesWhereProtected(_) => format!("{}(支援措置の人のとき)", roles()),
    }
}

fn second(row: &ActRow) -> String {
    match row.second {
        Second::None => "—".to_owned(),
        Second::Always(purpose) => purpose_name(purpose).to_owned(),
        Second::Where(purpose) => format!("{}(求められるとき)", purpose_name(purpose)),
    }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Reception => "受付",
        Role::Verification => "審査",
        Role::Issuing => "発行",
        Role::Handover => "交付",
        Role::ProtectedAddress => "支援措置閲覧",
        Role::Administration => "管理",
    }
}

const fn purpose_name(purpose: SecondPurpose) -> &'static str {
    match purpose {
        SecondPurpose::VerificationException => "例外の承認",
        SecondPurpose::Making => "二人での発行",
        SecondPurpose::Handover => "交付の確認",
        SecondPurpose::Revocation => "失効の承認",
        SecondPurpose::Relink => "結び直しの承認",
        SecondPurpose::Custody => "所在の確認",
        SecondPurpose::Incident => "事故の解決",
        SecondPurpose::Envelope => "封入の確認",
    }
}

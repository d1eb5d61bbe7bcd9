//! A cluster whose folder was removed by hand. Under root its data may lie elsewhere and be there still, with nothing left
//! that says how to get in: they are found, named, and kept until somebody says that they may go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Cluster, ClusterError, layout::Layout, programs::RunAs};

impl Cluster {
    /// Where data lie that were made for this folder and whose description is gone, if any do. A cluster that was cut off
    /// while it was being made is none: it never held anything.
    pub fn left_over(&self) -> Option<PathBuf> {
        self.left_over_parts().into_iter().next().map(|layout| layout.data)
    }

    pub(super) fn remove_left_over(&self) -> Result<(), ClusterError> {
        let left = self.left_over_parts();
        left.iter().try_for_each(|layout| self.remove_parts(layout))
    }

    fn left_over_parts(&self) -> Vec<Layout> {
        // Where there is no such user there never was a cluster either.
        let Ok(run_as) = RunAs::choose("postgres") else {
            return Vec::new();
        };
        if self.layout_file().exists() {
            return Vec::new();
        }
        let mut layouts = Layout::possible(&settled(&self.folder), &run_as);
        layouts.retain(|layout| !layout.unfinished().exists() && holds_something(&layout.data));
        layouts
    }
}

fn holds_something(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// `folder` as [`fs::canonicalize`] would give it if it were there.
fn settled(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = whole.ancestors().find_map(|above| {
        let rest = whole.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.join(rest))
    });
    there.unwrap_or(whole)
}

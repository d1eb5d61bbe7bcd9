//! The private cluster's life: made, started, stopped, found again, refused plainly.

use std::{fs, os::unix::fs::PermissionsExt as _};

use relay_core::chance::SeededChance;
use store::{
    Store, StoreError,
    cluster::{Care, Cluster, ClusterError, ClusterStatus, Login, Programs, Stop, hex_password},
};

fn login(name: &str, seed: u64) -> Login {
    Login {
        name: name.to_owned(),
        password: hex_password(&mut SeededChance::new(seed)),
    }
}

/// A folder that the user PostgreSQL runs as can pass through.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_made_started_provisioned_stopped_and_removed() {
    let folder = open_folder();
    let place = folder.path().join("database");
    let cluster = Cluster::at(&place);
    assert_eq!(cluster.status().unwrap(), ClusterStatus::Absent);
    assert!(matches!(cluster.start(), Err(ClusterError::Absent(_))));

    cluster.create(Care::Durable, &mut SeededChance::new(1)).unwrap();
    assert_eq!(cluster.status().unwrap(), ClusterStatus::Stopped);
    assert!(matches!(
        cluster.create(Care::Durable, &mut SeededChance::new(1)),
        Err(ClusterError::Present(_))
    ));
    cluster.start().unwrap();
    assert!(matches!(cluster.status().unwrap(), ClusterStatus::Running { .. }));
    cluster.start().unwrap();

    let (owner, user) = (login("an_owner", 2), login("a_user", 3));
    cluster
        .provision("office", &owner, std::slice::from_ref(&user))
        .await
        .unwrap();
    cluster
        .provision("office", &owner, std::slice::from_ref(&user))
        .await
        .unwrap();
    let store = Store::new(&cluster.door("office", &user).unwrap());
    store.latency().await.unwrap();
    // Its own database, rows in it, and nothing else of the cluster.
    for role in [&owner, &user] {
        for closed in ["postgres", "template1"] {
            let refused = Store::new(&cluster.door(closed, role).unwrap()).latency().await;
            assert!(
                matches!(refused, Err(StoreError::Denied { .. })),
                "{closed}: {refused:?}"
            );
        }
        let store = Store::new(&cluster.door("office", role).unwrap());
        for made in ["lo_create(0)", "lo_creat(-1)", "lo_from_bytea(0, '\\x00')"] {
            let refused = store
                .run("large_object", |tx| async move {
                    tx.execute(&format!("-- large_object\nSELECT {made}"), &[]).await?;
                    Ok::<_, StoreError>(())
                })
                .await;
            assert!(refused.is_err(), "{} makes a large object by {made}", role.name);
        }
    }
    let settings: Vec<String> = store
        .run("settings", |tx| async move {
            let mut values = Vec::new();
            for name in ["listen_addresses", "fsync", "data_checksums", "log_error_verbosity"] {
                values.push(
                    tx.query_one("-- settings\nSELECT current_setting($1)", &[&name])
                        .await?
                        .get(0),
                );
            }
            Ok::<_, StoreError>(values)
        })
        .await
        .unwrap();
    assert_eq!(settings, ["", "on", "on", "terse"]);

    let wrong = Login {
        password: hex_password(&mut SeededChance::new(9)),
        ..user.clone()
    };
    let refused = Store::new(&cluster.door("office", &wrong).unwrap()).latency().await;
    assert!(matches!(refused, Err(StoreError::Denied { .. })), "{refused:?}");

    cluster.stop(Stop::Fast).unwrap();
    assert_eq!(cluster.status().unwrap(), ClusterStatus::Stopped);
    cluster.start().unwrap();
    store.latency().await.unwrap();
    cluster.remove().unwrap();
    assert_eq!(cluster.status().unwrap(), ClusterStatus::Absent);
    assert!(!place.exists());
}

#[test]
fn the_superusers_password_and_the_socket_are_closed_to_others() {
    let folder = open_folder();
    let cluster = Cluster::at(folder.path().join("database"));
    cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("database/superuser.password")), 0o600);
    assert_eq!(mode(&cluster.socket_folder().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("database/data")), 0o700);
    cluster.remove().unwrap();
}

#[test]
fn a_socket_folder_open_to_others_or_made_by_others_is_not_used() {
    let folder = open_folder();
    let cluster = Cluster::at(folder.path().join("database"));
    cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
    let socket = cluster.socket_folder().unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
    let refused = cluster.start().unwrap_err();
    assert!(refused.to_string().contains("open to others"), "{refused}");
    fs::remove_dir(&socket).unwrap();
    std::os::unix::fs::symlink(folder.path(), &socket).unwrap();
    let refused = cluster.start().unwrap_err();
    assert!(refused.to_string().contains("not a folder"), "{refused}");
    fs::remove_file(&socket).unwrap();
    cluster.start().unwrap();
    cluster.remove().unwrap();
}

#[test]
fn a_folder_too_deep_for_a_socket_gets_its_socket_elsewhere() {
    let folder = open_folder();
    let mut deep = folder.path().to_owned();
    for _ in 0..4 {
        deep = deep.join("a-folder-with-a-rather-long-name");
        fs::create_dir(&deep).unwrap();
    }
    let cluster = Cluster::at(deep.join("database"));
    cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
    cluster.start().unwrap();
    assert!(cluster.socket_folder().unwrap().join(".s.PGSQL.5432").exists());
    cluster.remove().unwrap();
}

#[test]
fn a_folder_closed_to_everyone_else_serves_all_the_same() {
    // As under root's own home, which the user PostgreSQL runs as cannot enter.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let place = folder.path().join("database");
    let cluster = Cluster::at(&place);
    cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
    cluster.start().unwrap();
    // Found again by another process that knows the folder only.
    assert!(matches!(
        Cluster::at(&place).status().unwrap(),
        ClusterStatus::Running { .. }
    ));
    let socket = cluster.socket_folder().unwrap();
    assert!(socket.join(".s.PGSQL.5432").exists());
    cluster.remove().unwrap();
    assert!(!socket.exists() && !place.exists());
}

#[test]
fn data_whose_folder_was_removed_by_hand_are_named_kept_and_removed_only_when_asked() {
    // Closed to others, so that root's data lie elsewhere and outlive the folder; everybody else's lie inside.
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let open = open_folder();
    for (folder, running) in [(&closed, false), (&open, false), (&closed, true), (&open, true)] {
        let place = folder.path().join("database");
        let cluster = Cluster::at(&place);
        cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
        assert_eq!(cluster.left_over(), None);
        cluster.start().unwrap();
        if !running {
            cluster.stop(Stop::Fast).unwrap();
        }
        let data = data_of(&cluster);
        if data.starts_with(&place) {
            fs::remove_file(place.join("cluster.json")).unwrap();
            fs::remove_file(place.join("superuser.password")).unwrap();
        } else {
            fs::remove_dir_all(&place).unwrap();
        }

        // However often it is tried.
        for _ in 1..=2 {
            assert_eq!(cluster.left_over().as_ref(), Some(&data));
            let refused = cluster.create(Care::Throwaway, &mut SeededChance::new(2)).unwrap_err();
            assert!(matches!(refused, ClusterError::LeftOver { .. }), "{refused}");
            let told = refused.to_string();
            assert!(
                told.contains(data.to_str().unwrap()) && told.contains("clean-data"),
                "{told}"
            );
        }
        assert!(data.join("PG_VERSION").exists());

        cluster.remove().unwrap();
        assert!(!data.exists() && !place.exists() && cluster.left_over().is_none());
        cluster.create(Care::Throwaway, &mut SeededChance::new(3)).unwrap();
        cluster.start().unwrap();
        cluster.remove().unwrap();
    }
}

/// Where the server keeps the cluster's data: the folder beside its log's.
fn data_of(cluster: &Cluster) -> std::path::PathBuf {
    cluster.log_file().unwrap().parent().unwrap().with_file_name("data")
}

#[test]
fn a_cluster_that_was_cut_off_while_it_was_made_is_made_anew() {
    let folder = open_folder();
    let cluster = Cluster::at(folder.path().join("database"));
    cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
    // What a power cut in the middle of initdb leaves.
    let data = data_of(&cluster);
    fs::remove_file(folder.path().join("database/cluster.json")).unwrap();
    fs::remove_file(data.join("PG_VERSION")).unwrap();
    fs::write(data.with_extension("unfinished"), "").unwrap();
    assert_eq!(cluster.left_over(), None);
    cluster.create(Care::Throwaway, &mut SeededChance::new(2)).unwrap();
    cluster.start().unwrap();
    assert!(!data.with_extension("unfinished").exists());
    cluster.remove().unwrap();
    assert!(!folder.path().join("database").exists());
}

#[test]
fn a_version_that_is_not_installed_is_named_with_what_is() {
    let here = Programs::find(None).unwrap().major.to_string();
    let refused = Programs::find(Some(9)).unwrap_err().to_string();
    assert!(
        refused.contains(&here) && refused.contains("apt-get install postgresql"),
        "{refused}"
    );
}

#[test]
fn a_server_that_cannot_start_says_why_from_its_log() {
    let folder = open_folder();
    let cluster = Cluster::at(folder.path().join("database"));
    cluster.create(Care::Throwaway, &mut SeededChance::new(1)).unwrap();
    let settings = folder.path().join("database/data/madoguchi.conf");
    let text = fs::read_to_string(&settings).unwrap() + "no_such_setting = 1\n";
    fs::write(&settings, text).unwrap();
    let refused = cluster.start().unwrap_err().to_string();
    assert!(refused.contains("no_such_setting"), "{refused}");
    cluster.remove().unwrap();
}

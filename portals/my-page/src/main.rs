//! Starts My Page.

fn main() -> std::process::ExitCode {
    portal_service::program(&my_page::MY_PAGE)
}

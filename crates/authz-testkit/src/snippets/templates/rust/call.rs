use std::process::ExitCode;

#[tokio::main]
async fn main() -> Result<ExitCode, reqwest::Error> {
    let response = reqwest::Client::new()
        .get("{{url}}")
        .bearer_auth("{{token}}")
        .send()
        .await?;
    let status = response.status();
    println!("{}", status.as_u16());
    println!("{}", response.text().await?);
    Ok(match status.is_success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

use std::process::ExitCode;

#[tokio::main]
async fn main() -> Result<ExitCode, reqwest::Error> {
    let response = reqwest::Client::new()
        .post("{{token_url}}")
        .form(&[
            ("grant_type", "client_credentials"),
            ("audience", "{{audience}}"),
            ("scope", "{{scope}}"),
            ("client_id", "{{client_id}}"),
            ("client_secret", "{{client_secret}}"),
        ])
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

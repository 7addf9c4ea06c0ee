const response = await fetch("{{token_url}}", {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "client_credentials",
    audience: "{{audience}}",
    scope: "{{scope}}",
    client_id: "{{client_id}}",
    client_secret: "{{client_secret}}",
  }),
});
console.log(response.status);
console.log(await response.text());
if (!response.ok) process.exitCode = 1;

const response = await fetch("{{url}}", {
  headers: { Authorization: "Bearer {{token}}" },
});
console.log(response.status);
console.log(await response.text());
if (!response.ok) process.exitCode = 1;

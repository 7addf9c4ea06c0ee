using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Threading.Tasks;

class Program
{
    static void Main() => Environment.Exit(GetToken().GetAwaiter().GetResult());

    static async Task<int> GetToken()
    {
        var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["audience"] = "{{audience}}",
            ["scope"] = "{{scope}}",
            ["client_id"] = "{{client_id}}",
            ["client_secret"] = "{{client_secret}}",
        });
        using (var client = new HttpClient())
        {
            var response = await client.PostAsync("{{token_url}}", form);
            Console.WriteLine((int)response.StatusCode);
            Console.WriteLine(await response.Content.ReadAsStringAsync());
            return response.IsSuccessStatusCode ? 0 : 1;
        }
    }
}

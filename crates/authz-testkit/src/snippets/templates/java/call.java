import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class Call {
    public static void main(String[] args) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("{{url}}"))
            .header("Authorization", "Bearer {{token}}")
            .build();
        var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        System.out.println(response.statusCode());
        System.out.println(response.body());
        System.exit(response.statusCode() < 400 ? 0 : 1);
    }
}

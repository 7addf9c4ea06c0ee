#import <Foundation/Foundation.h>

static NSString *const unreserved =
    @"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

int main(void) {
    @autoreleasepool {
        NSDictionary *form = @{
            @"grant_type" : @"client_credentials",
            @"audience" : @"{{audience}}",
            @"scope" : @"{{scope}}",
            @"client_id" : @"{{client_id}}",
            @"client_secret" : @"{{client_secret}}",
        };
        NSCharacterSet *allowed = [NSCharacterSet characterSetWithCharactersInString:unreserved];
        NSMutableArray *fields = [NSMutableArray array];
        for (NSString *name in form) {
            NSString *value =
                [[form objectForKey:name] stringByAddingPercentEncodingWithAllowedCharacters:allowed];
            [fields addObject:[NSString stringWithFormat:@"%@=%@", name, value]];
        }
        NSString *body = [fields componentsJoinedByString:@"&"];

        NSMutableURLRequest *request =
            [NSMutableURLRequest requestWithURL:[NSURL URLWithString:@"{{token_url}}"]];
        request.HTTPMethod = @"POST";
        request.HTTPBody = [body dataUsingEncoding:NSUTF8StringEncoding];
        [request setValue:@"application/x-www-form-urlencoded" forHTTPHeaderField:@"Content-Type"];

        __block int result = 1;
        dispatch_semaphore_t done = dispatch_semaphore_create(0);
        NSURLSessionDataTask *task = [[NSURLSession sharedSession]
            dataTaskWithRequest:request
              completionHandler:^(NSData *data, NSURLResponse *response, NSError *error) {
                if (error) {
                    NSLog(@"%@", error);
                } else {
                    NSInteger status = ((NSHTTPURLResponse *)response).statusCode;
                    printf("%ld\n%.*s\n", (long)status, (int)data.length, (const char *)data.bytes);
                    result = status < 400 ? 0 : 1;
                }
                dispatch_semaphore_signal(done);
              }];
        [task resume];
        dispatch_semaphore_wait(done, DISPATCH_TIME_FOREVER);
        return result;
    }
}

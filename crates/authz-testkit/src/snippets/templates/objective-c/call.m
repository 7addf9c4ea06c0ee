#import <Foundation/Foundation.h>

int main(void) {
    @autoreleasepool {
        NSMutableURLRequest *request =
            [NSMutableURLRequest requestWithURL:[NSURL URLWithString:@"{{url}}"]];
        [request setValue:@"Bearer {{token}}" forHTTPHeaderField:@"Authorization"];

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

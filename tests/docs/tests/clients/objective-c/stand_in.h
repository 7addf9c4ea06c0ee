// What Apple's Foundation has and GNUstep in Debian 12 does not: the part of NSURLSession and of libdispatch
// that the programs use. A task runs when it is resumed, so there is nothing to wait for. It does not use
// NSURLConnection, which starts a daemon and writes to the home folder.
#import <Foundation/Foundation.h>
#import <netdb.h>
#import <sys/socket.h>
#import <unistd.h>

typedef void (^CompletionHandler)(NSData *, NSURLResponse *, NSError *);

@interface NSURLSessionDataTask : NSObject {
    NSURLRequest *request;
    CompletionHandler handler;
}
- (void)resume;
@end

@interface NSURLSession : NSObject
+ (NSURLSession *)sharedSession;
- (NSURLSessionDataTask *)dataTaskWithRequest:(NSURLRequest *)request
                            completionHandler:(CompletionHandler)handler;
@end

// Sends all of `message` to the host of `url` and returns what comes back until the connection closes.
static NSData *exchange(NSURL *url, NSData *message) {
    NSMutableData *received = [NSMutableData data];
    struct addrinfo *address = NULL;
    if (getaddrinfo(url.host.UTF8String, url.port.stringValue.UTF8String, NULL, &address) != 0) {
        return received;
    }
    int connection = socket(address->ai_family, SOCK_STREAM, 0);
    char buffer[4096];
    ssize_t count = 0;
    if (connect(connection, address->ai_addr, address->ai_addrlen) == 0 &&
        write(connection, message.bytes, message.length) == (ssize_t)message.length) {
        while ((count = read(connection, buffer, sizeof buffer)) > 0) {
            [received appendBytes:buffer length:count];
        }
    }
    close(connection);
    freeaddrinfo(address);
    return received;
}

@implementation NSURLSessionDataTask
- (id)initWithRequest:(NSURLRequest *)aRequest handler:(CompletionHandler)aHandler {
    if ((self = [super init])) {
        request = [aRequest retain];
        handler = Block_copy(aHandler);
    }
    return self;
}
- (void)resume {
    NSString *address = request.URL.absoluteString;
    NSRange host = [address rangeOfString:@"://"];
    NSRange rest = NSMakeRange(NSMaxRange(host), address.length - NSMaxRange(host));
    NSRange path = [address rangeOfString:@"/" options:0 range:rest];
    NSMutableString *head = [NSMutableString stringWithFormat:@"%@ %@ HTTP/1.0\r\nContent-Length: %u\r\n",
        request.HTTPMethod, [address substringFromIndex:path.location], (unsigned)request.HTTPBody.length];
    NSDictionary *fields = request.allHTTPHeaderFields;
    for (NSString *name in fields) {
        [head appendFormat:@"%@: %@\r\n", name, [fields objectForKey:name]];
    }
    [head appendString:@"\r\n"];
    NSMutableData *message = [[[head dataUsingEncoding:NSUTF8StringEncoding] mutableCopy] autorelease];
    if (request.HTTPBody) {
        [message appendData:request.HTTPBody];
    }

    NSData *answer = exchange(request.URL, message);
    NSData *blank = [NSData dataWithBytes:"\r\n\r\n" length:4];
    NSRange end = [answer rangeOfData:blank options:0 range:NSMakeRange(0, answer.length)];
    if (end.location == NSNotFound) {
        handler(nil, nil, [NSError errorWithDomain:NSURLErrorDomain code:0 userInfo:nil]);
        return;
    }
    NSString *line = [[[NSString alloc] initWithData:answer encoding:NSUTF8StringEncoding] autorelease];
    NSInteger status = [[line substringWithRange:NSMakeRange(9, 3)] integerValue];
    NSHTTPURLResponse *response = [[[NSHTTPURLResponse alloc] initWithURL:request.URL
                                                               statusCode:status
                                                              HTTPVersion:@"HTTP/1.0"
                                                             headerFields:nil] autorelease];
    NSRange body = NSMakeRange(NSMaxRange(end), answer.length - NSMaxRange(end));
    handler([answer subdataWithRange:body], response, nil);
}
@end

@implementation NSURLSession
+ (NSURLSession *)sharedSession {
    return [[self new] autorelease];
}
- (NSURLSessionDataTask *)dataTaskWithRequest:(NSURLRequest *)request
                            completionHandler:(CompletionHandler)handler {
    return [[[NSURLSessionDataTask alloc] initWithRequest:request handler:handler] autorelease];
}
@end

#define DISPATCH_TIME_FOREVER 0
typedef int dispatch_semaphore_t;
static inline dispatch_semaphore_t dispatch_semaphore_create(long value) { return value; }
static inline void dispatch_semaphore_signal(dispatch_semaphore_t semaphore) {}
static inline void dispatch_semaphore_wait(dispatch_semaphore_t semaphore, int timeout) {}

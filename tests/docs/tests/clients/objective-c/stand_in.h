// What Apple's Foundation has and GNUstep in Debian does not: the part of NSURLSession and of libdispatch
// that the programs use. Tasks run when they are resumed, so there is nothing to wait for.
#import <Foundation/Foundation.h>

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

@implementation NSURLSessionDataTask
- (id)initWithRequest:(NSURLRequest *)aRequest handler:(CompletionHandler)aHandler {
    if ((self = [super init])) {
        request = [aRequest retain];
        handler = Block_copy(aHandler);
    }
    return self;
}
- (void)resume {
    NSURLResponse *response = nil;
    NSError *error = nil;
    NSData *data = [NSURLConnection sendSynchronousRequest:request
                                         returningResponse:&response
                                                     error:&error];
    handler(data, response, error);
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

#import <Block.h>

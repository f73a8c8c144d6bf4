/* scripts_group.cc — written streams of commands on groups of readers. */
#include "tests/support/scripts.h"

namespace lk
{

const std::vector<TextScript> &group_scripts()
{
    static const std::vector<TextScript> all = {
        {"Groups", nullptr, R"(
            SET str x
            XGROUP
            XGROUP foo
            XGROUP create
            XGROUP create a g
            XGROUP create a g $
            XGROUP create a g $ MKSTREAM
            EXISTS a
            XGROUP create a g 0
            XGROUP create a g bad
            XGROUP create a g2 0 foo
            XGROUP create a g2 0 entriesread
            XGROUP create a g2 0 entriesread x
            XGROUP create a g2 0 entriesread -2
            XGROUP create a g2 0 entriesread -1
            XGROUP create a g3 0 mkstream mkstream entriesread 3 entriesread 4
            XGROUP create str g 0
            XGROUP create str g bad
            XGROUP create none g bad
            XGROUP create none g bad mkstream
            EXISTS none
            XGROUP create a g4 -
            XGROUP create a g4 +
            XGROUP create a g5 1-2
            XGROUP create a g5 1
            XGROUP setid none g 0
            XGROUP setid str g 0
            XGROUP setid a none 0
            XGROUP setid a g bad
            XGROUP setid a none bad
            XGROUP setid a g
            XGROUP setid a g 5-5
            XGROUP setid a g 5 mkstream
            XGROUP setid a g 5 entriesread 7
            XGROUP setid a g $ entriesread x
            XGROUP setid a nog 5 entriesread x
            XGROUP setid a g 5 entriesread
            XGROUP setid none g 5 foo
            XINFO groups a
            XGROUP destroy none g
            XGROUP destroy str g
            XGROUP destroy a none
            XGROUP destroy a g2
            XGROUP destroy a
            XGROUP createconsumer none g c
            XGROUP createconsumer a none c
            XGROUP createconsumer a g c
            XGROUP createconsumer a g c
            XGROUP createconsumer str g c
            XGROUP createconsumer a g
            XGROUP delconsumer none g c
            XGROUP delconsumer a none c
            XGROUP delconsumer a g none
            XGROUP delconsumer a g c
            XGROUP delconsumer str g c
            XINFO
            XINFO foo
            XINFO stream
            XINFO stream none
            XINFO stream str
            XINFO stream a foo
            XINFO stream a full count
            XINFO stream a full count x
            XINFO stream a full foo 3
            XINFO stream a full count -1
            XINFO stream none foo
            XINFO stream str full foo x
            XINFO groups none
            XINFO groups str
            XINFO consumers a
            XINFO consumers none g
            XINFO consumers str g
            XINFO consumers a none
            XINFO consumers a g
            XINFO stream a
            XINFO stream a full
            XGROUP CREATE none g 0 ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP CREATE str g 0 ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP CREATE a gg 0 ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP CREATE a gg bad ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP CREATE a gg 0 MKSTREAM MKSTREAM MKSTREAM MKSTREAM
            XGROUP CREATE a gg 0 MKSTREAM ENTRIESREAD x MKSTREAM
            XGROUP CREATE a gg 0 MKSTREAM ENTRIESREAD 1 bogus
            XGROUP CREATE none g bad MKSTREAM MKSTREAM MKSTREAM MKSTREAM
            XGROUP SETID none g 0 ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP SETID a nobody 0 ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP SETID a g bad ENTRIESREAD 1 ENTRIESREAD 2
            XGROUP CREATE a gg 0 MKSTREAM MKSTREAM MKSTREAM
            EXISTS none
        )"},
        {"GroupsPending", nullptr, R"(
            XACK
            XACK a g
            XACK a g 1
            XACK a g bad
            XACK str g 1
            XACK str g bad
            XGROUP create a g 0 mkstream
            XACK a g 1 bad
            XACK a g 1-1 1-1
            XACK a none bad
            XACK a none 1
            XADD a 1-1 a b
            XADD a 2-1 a b
            XADD a 3-1 c d
            XADD a 4-1 a b
            XREADGROUP group g c count 4 streams a >
            XACK a g 1-1 1-1 bad
            XACK a g 1-1 1-1 7-7
            XPENDING
            XPENDING a
            XPENDING a g
            XPENDING none g
            XPENDING str g
            XPENDING a none
            XPENDING a g -
            XPENDING a g - +
            XPENDING a g - + x
            XPENDING a g - + 0
            XPENDING a g - + -1
            XPENDING a g bad + 10
            XPENDING a g - bad 10
            XPENDING a g (18446744073709551615-18446744073709551615 + 10
            XPENDING a g - (0-0 10
            XPENDING a g - + 10 nobody
            XPENDING a g idle
            XPENDING a g idle 0
            XPENDING a g idle x - + 10
            XPENDING a g idle 100000000 - + 10
            XPENDING a g idle 0 - + 10 c d
            XPENDING a g idle 0 - +
            XPENDING a g foo 0 - +
            XPENDING a g foo 0 - + 5
            XPENDING none g foo 0 - + 5
            XPENDING none g - + 5
            XPENDING str g - + x
            XPENDING none none - + x
            XPENDING a g + - 5
            XPENDING a g 3 2 5
        )"},
        {"GroupsClaim", nullptr, R"(
            SET str x
            XGROUP CREATE a g 0 MKSTREAM
            XADD a 1-1 f 1
            XADD a 2-1 f 2
            XADD a 3-1 f 3
            XADD a 4-1 f 4
            XADD a 5-1 f 5
            XREADGROUP GROUP g c COUNT 4 STREAMS a >
            XCLAIM
            XCLAIM a g c 0
            XCLAIM none g c 0 1-1
            XCLAIM a none c 0 1-1
            XCLAIM str g c 0 1-1
            XCLAIM str g c x 1-1
            XCLAIM none g c x 1-1
            XCLAIM a g c x 1-1
            XCLAIM a g c -5 2-1
            XCLAIM a g d 0 bad
            XCLAIM a g d 0 2-1 bad
            XCLAIM a g d 0 2-1 foo
            XCLAIM a g d 0 2-1 idle
            XCLAIM a g d 0 2-1 idle x
            XCLAIM a g d 0 2-1 time x
            XCLAIM a g d 0 2-1 retrycount x
            XCLAIM a g d 0 2-1 retrycount -1
            XCLAIM a g d 0 2-1 lastid bad
            XCLAIM a g d 0 2-1 lastid
            XCLAIM a g d 0 force
            XCLAIM a g d 0 justid
            XCLAIM a none d 0 foo
            XCLAIM none g d 0 foo
            XCLAIM a g d 10000000 2-1
            XCLAIM a g d 0 9-9
            XCLAIM a g e 0 9-9 force
            XCLAIM a g e 0 1-1
            XCLAIM a g e 0 1-1 force
            XCLAIM a g e 0 1-1 force justid
            XCLAIM a g e 0 2-1 3-1 justid
            XPENDING a g
            XCLAIM a g e 0 2-1 3-1 idle 5000 retrycount 7
            XCLAIM a g e 0 2-1 time 1
            XCLAIM a g e 0 3-1 time -1
            XCLAIM a g e 0 4-1 idle -1000000000
            XCLAIM a g e 0 4-1 time 99999999999999
            XCLAIM a g e 0 4-1 retrycount 3 lastid 77-1 force force idle 5 time 1000
            XINFO groups a
            XCLAIM a g e 0 2-1 lastid 3-3
            XINFO groups a
        )"},
        {"GroupsAutoClaim", nullptr, R"(
            SET str x
            XGROUP CREATE a g 0 MKSTREAM
            XADD a 1-1 f 1
            XADD a 2-1 f 2
            XADD a 3-1 f 3
            XADD a 4-1 f 4
            XADD a 5-1 f 5
            XREADGROUP GROUP g c COUNT 4 STREAMS a >
            XAUTOCLAIM
            XAUTOCLAIM a g h 0
            XAUTOCLAIM a g h x 0
            XAUTOCLAIM a g h 0 bad
            XAUTOCLAIM a g h 0 (5
            XAUTOCLAIM a g h 0 -
            XAUTOCLAIM a g h -1 - count 0
            XAUTOCLAIM a g h 0 - count -1
            XAUTOCLAIM a g h 0 - count x
            XAUTOCLAIM a g h 0 - count
            XAUTOCLAIM a g h 0 - foo
            XAUTOCLAIM a none h x 0
            XAUTOCLAIM a none h 0 bad
            XAUTOCLAIM a none h 0 0 foo
            XAUTOCLAIM a none h 0 0
            XAUTOCLAIM none g h 0 0
            XAUTOCLAIM str g h 0 0
            XAUTOCLAIM a g h 0 0 count 2 count 1 justid justid
            XAUTOCLAIM a g c 0 - count 9223372036854775807
            XAUTOCLAIM a g c 0 - count 576460752303423488
            XPENDING a g idle x - +
            XPENDING a g idle x bad bad bad
            XPENDING a g idle 1 bad bad bad
            XPENDING a g idle 1 bad bad 3
            XPENDING none none idle 1 bad bad 3
            XPENDING a g - + 99999999999999999999
            XCLAIM a g c 99999999999999999999 1-1
            XCLAIM a g c 0 1-1 idle 9223372036854775807
            XCLAIM a g c 0 1-1 idle -9223372036854775808
            XCLAIM a g c 0 1-1 retrycount 9223372036854775807
            XCLAIM a g c 0 1-1
            XINFO stream a full count 0 x
            XINFO stream a full count 0
            XINFO groups a b
            XGROUP create a g 0 entriesread 9999999999999999999
        )"},
        {"GroupsLag", nullptr, R"(
            XGROUP CREATE counted g $ MKSTREAM
            XINFO GROUPS counted
            XGROUP CREATE counted h 5
            XINFO GROUPS counted
            XADD counted 9-1 x y
            XINFO GROUPS counted
            DEL counted
            XADD counted 1-0 x y
            XADD counted 2-0 x y
            XADD counted 3-0 x y
            XADD counted 4-0 x y
            XADD counted 5-0 x y
            XGROUP CREATE counted g0 0
            XGROUP CREATE counted g1 1
            XGROUP CREATE counted g2 2
            XGROUP CREATE counted g3 5
            XGROUP CREATE counted g4 9
            XGROUP CREATE counted g5 $
            XINFO GROUPS counted
            XREADGROUP GROUP g0 c COUNT 2 STREAMS counted >
            XINFO GROUPS counted
            XREADGROUP GROUP g2 c COUNT 1 STREAMS counted >
            XINFO GROUPS counted
            XREADGROUP GROUP g2 c COUNT 5 STREAMS counted >
            XINFO GROUPS counted
            XDEL counted 1-0
            XINFO GROUPS counted
            XDEL counted 2-0
            XINFO GROUPS counted
            XADD counted 6-0 x y
            XINFO GROUPS counted
            XGROUP SETID counted g0 0
            XINFO GROUPS counted
            XDEL counted 3-0 4-0
            XGROUP CREATE counted late 3
            XINFO GROUPS counted
            XADD counted 7-0 x y
            XINFO GROUPS counted
        )"},
        {"GroupsTold", nullptr, R"(
            SET str x
            XGROUP CREATE a g 0 MKSTREAM
            XADD a 1-1 f 1
            XADD a 2-1 f 2
            XADD a 3-1 f 3
            XADD a 4-1 f 4
            XADD a 5-1 f 5
            XREADGROUP GROUP g c COUNT 4 STREAMS a >
            XACK a g 1-1
            XGROUP CREATECONSUMER a g other
            XCLAIM a g d 0 2-1 TIME 1000 RETRYCOUNT 9
            XINFO STREAM a
            XINFO STREAM a FULL
            XINFO STREAM a FULL COUNT 1
            XINFO STREAM a full count 0
            XINFO STREAM a FULL COUNT -3
            XINFO CONSUMERS a g
            XPENDING a g
            XPENDING a g - + 9
            XPENDING a g IDLE 1000000000000 - + 9
            XPENDING a g - + 9 d
            XACK a g 2-1 3-1 4-1
            XPENDING a g
            XINFO STREAM a FULL
            XDEL a 1-1 2-1 3-1 4-1 5-1
            XINFO STREAM a
        )"},
        {"GroupsGone", nullptr, R"(
            SET str x
            XGROUP CREATE a g 0 MKSTREAM
            XADD a 1-1 f 1
            XADD a 2-1 f 2
            XADD a 3-1 f 3
            XADD a 4-1 f 4
            XADD a 5-1 f 5
            XREADGROUP GROUP g c COUNT 4 STREAMS a >
            XDEL a 1-1 3-1
            XCLAIM a g d 1000000000000 1-1
            XPENDING a g
            XAUTOCLAIM a g d 0 0 COUNT 1
            XAUTOCLAIM a g d 0 3 COUNT 1
            XAUTOCLAIM a g d 0 3
            XDEL a 2-1 4-1
            XREADGROUP GROUP g d STREAMS a 0
            XAUTOCLAIM a g e 1000000000000 0 JUSTID
            XPENDING a g
            XGROUP DELCONSUMER a g d
            XREADGROUP GROUP g d STREAMS a >
            XAUTOCLAIM a g d 0 - COUNT 100000 JUSTID
            XGROUP DESTROY a g
            XPENDING a g
        )"},
    };
    return all;
}

} // namespace lk

/*
 * command_docs_sorted_set.c — what the commands of sorted sets are for.
 */
#include "core/cmd/command/docs/command_docs.h"

#define O1         "O(1)"
#define LOG        "O(log(N)), N being the size of the set"
#define LOG_EACH   "O(log(N)) a member, N being the size of the set"
#define LOG_RANGE  "O(log(N)+M), M being the number of elements in the answer"
#define LOG_REMOVE "O(log(N)+M), M being the number of elements removed"
#define LOG_POP    "O(log(N)*M), M being the number of elements popped"
#define LOG_FIRST  "O(K) + O(M*log(N)), K being the number of keys, M that of the elements popped"
#define SUMS       "O(N)+O(M*log(M)), N being the size of all sources, M that of the result"
#define COMMON     "O(N*K)+O(M*log(M)), N being the smallest of K sources, M the result"
#define LESS       "O(L+(N-K)*log(N)), L being the size of all sources, N of the first, K of the result"

#define KEYS      "numkeys:i key:k0*"
#define STORED    "destination:k0 numkeys:i key:k1*"
#define WEIGHED   " weight:i@WEIGHTS?* aggregate<sum@SUM min@MIN max@MAX>@AGGREGATE?"
#define SCORES    " withscores@WITHSCORES?"
#define LIMIT     " offset_count{offset:i count:i}@LIMIT?"
#define LIMIT_620 " offset_count{offset:i count:i}@LIMIT?^6.2.0"
#define WHERE     " where<min@MIN max@MAX> count:i@COUNT?"
#define UNSTEADY  "nondeterministic_output"

static const struct command_doc rows[] = {
    DOC("bzmpop", "7.0.0", LOG_FIRST,
        "Pops from the first of several sorted sets that has elements; waits if none has.",
        .arguments = "timeout:d " KEYS WHERE),
    DOC("bzpopmax", "5.0.0", LOG,
        "Pops the highest element of the first sorted set that has any; waits if none has.",
        .arguments = "key:k0* timeout:d"),
    DOC("bzpopmin", "5.0.0", LOG,
        "Pops the lowest element of the first sorted set that has any; waits if none has.",
        .arguments = "key:k0* timeout:d"),
    DOC("zadd", "1.2.0", LOG_EACH, "Gives members a score; adds those that are not there.",
        .arguments = "key:k0 condition<nx@NX xx@XX>?^3.0.2 comparison<gt@GT lt@LT>?^6.2.0 "
                     "change@CH?^3.0.2 increment@INCR?^3.0.2 score_member{score:d member:s}*"),
    DOC("zcard", "1.2.0", O1, "The number of members.", .arguments = "key:k0"),
    DOC("zcount", "2.0.0", LOG, "Counts the elements in a range of scores.",
        .arguments = "key:k0 min:d max:d"),
    DOC("zdiff", "6.2.0", LESS, "The elements of the first set that no other has.",
        .arguments = KEYS SCORES),
    DOC("zdiffstore", "6.2.0", LESS, "Stores the elements of the first set that no other has.",
        .arguments = STORED),
    DOC("zincrby", "1.2.0", LOG, "Adds to a member's score; a missing member counts as 0.",
        .arguments = "key:k0 increment:i member:s"),
    DOC("zinter", "6.2.0", COMMON, "The members that all sets have, with their scores combined.",
        .arguments = KEYS WEIGHED SCORES),
    DOC("zintercard", "7.0.0", "O(N*K), N being the smallest of K sources",
        "Counts the members that all sets have.", .arguments = KEYS " limit:i@LIMIT?"),
    DOC("zinterstore", "2.0.0", COMMON, "Stores the members that all sets have.",
        .arguments = STORED WEIGHED),
    DOC("zlexcount", "2.8.9", LOG, "Counts the members in a range of members.",
        .arguments = "key:k0 min:s max:s"),
    DOC("zmpop", "7.0.0", LOG_FIRST,
        "Pops from the first of several sorted sets that has elements.", .arguments = KEYS WHERE),
    DOC("zmscore", "6.2.0", "O(N), N being the number of members asked for",
        "The scores of several members.", .arguments = "key:k0 member:s*"),
    DOC("zpopmax", "5.0.0", LOG_POP, "Pops the highest elements.", .arguments = "key:k0 count:i?"),
    DOC("zpopmin", "5.0.0", LOG_POP, "Pops the lowest elements.", .arguments = "key:k0 count:i?"),
    DOC("zrandmember", "6.2.0", "O(N), N being the number of elements in the answer",
        "Elements drawn at random.", .arguments = "key:k0 options{count:i withscores@WITHSCORES?}?",
        .tips = UNSTEADY),
    DOC("zrange", "1.2.0", LOG_RANGE, "The elements in a range of ranks, scores or members.",
        .arguments = "key:k0 start:s stop:s sortby<byscore@BYSCORE bylex@BYLEX>?^6.2.0 "
                     "rev@REV?^6.2.0" LIMIT_620 SCORES),
    DOC("zrangebylex", "2.8.9", LOG_RANGE, "The members in a range of members.",
        .arguments = "key:k0 min:s max:s" LIMIT, .deprecated = "6.2.0",
        .instead = "`ZRANGE` with the `BYLEX` argument"),
    DOC("zrangebyscore", "1.0.5", LOG_RANGE, "The elements in a range of scores.",
        .arguments = "key:k0 min:d max:d withscores@WITHSCORES?^2.0.0" LIMIT, .deprecated = "6.2.0",
        .instead = "`ZRANGE` with the `BYSCORE` argument"),
    DOC("zrangestore", "6.2.0", "O(log(N)+M), M being the number of elements stored",
        "Stores a range of a sorted set in another key.",
        .arguments =
            "dst:k0 src:k1 min:s max:s sortby<byscore@BYSCORE bylex@BYLEX>? rev@REV?" LIMIT),
    DOC("zrank", "2.0.0", LOG, "How many elements come before a member.",
        .arguments = "key:k0 member:s withscore@WITHSCORE?^7.2.0"),
    DOC("zrem", "1.2.0", LOG_EACH, "Removes members.", .arguments = "key:k0 member:s*"),
    DOC("zremrangebylex", "2.8.9", LOG_REMOVE, "Removes the members in a range of members.",
        .arguments = "key:k0 min:s max:s"),
    DOC("zremrangebyrank", "2.0.0", LOG_REMOVE, "Removes the elements in a range of ranks.",
        .arguments = "key:k0 start:i stop:i"),
    DOC("zremrangebyscore", "1.2.0", LOG_REMOVE, "Removes the elements in a range of scores.",
        .arguments = "key:k0 min:d max:d"),
    DOC("zrevrange", "1.2.0", LOG_RANGE, "The elements in a range of ranks, the highest first.",
        .arguments = "key:k0 start:i stop:i" SCORES, .deprecated = "6.2.0",
        .instead = "`ZRANGE` with the `REV` argument"),
    DOC("zrevrangebylex", "2.8.9", LOG_RANGE, "The members in a range of members, the last first.",
        .arguments = "key:k0 max:s min:s" LIMIT, .deprecated = "6.2.0",
        .instead = "`ZRANGE` with the `REV` and `BYLEX` arguments"),
    DOC("zrevrangebyscore", "2.2.0", LOG_RANGE,
        "The elements in a range of scores, the highest first.",
        .arguments = "key:k0 max:d min:d" SCORES LIMIT, .deprecated = "6.2.0",
        .instead = "`ZRANGE` with the `REV` and `BYSCORE` arguments"),
    DOC("zrevrank", "2.0.0", LOG, "How many elements come behind a member.",
        .arguments = "key:k0 member:s withscore@WITHSCORE?^7.2.0"),
    DOC("zscan", "2.8.0", "O(1) a call, O(N) a whole walk", "Walks through a sorted set in steps.",
        .arguments = "key:k0 cursor:i pattern:p@MATCH? count:i@COUNT? noscores@NOSCORES?",
        .tips = UNSTEADY),
    DOC("zscore", "1.2.0", O1, "The score of a member.", .arguments = "key:k0 member:s"),
    DOC("zunion", "6.2.0", SUMS, "The members of all sets, with their scores combined.",
        .arguments = KEYS WEIGHED SCORES),
    DOC("zunionstore", "2.0.0", SUMS, "Stores the members of all sets.",
        .arguments = STORED WEIGHED),
};

const struct command_docs command_docs_sorted_set = {"sorted-set", rows,
                                                     sizeof rows / sizeof rows[0]};

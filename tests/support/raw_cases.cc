/* raw_cases.cc — the table of bytes that no client library sends. */
#include "tests/support/raw_cases.h"

namespace lk
{

const std::vector<RawCase> &raw_cases()
{
    const auto repeated = [](char c, size_t n) { return std::string(n, c); };
    static const std::vector<RawCase> all = {
        {"InlineCommand", "PING\r\n", false},
        {"InlineWithoutCarriageReturn", "SET a 1\nGET a\n", false},
        {"InlineQuotes", "SET a \"x\\n\\x41 y\"\r\nGET a\r\nSET b 'it\\'s'\r\nGET b\r\n", false},
        {"InlineSpaces", "   PING   \r\n", false},
        {"InlineEmptyLines", "\r\n\r\n\nPING\r\n", false},
        {"InlineUnbalancedQuotes", "SET a \"x\r\n", true},
        {"InlineTextAfterQuote", "SET a \"x\"y\r\n", true},
        {"InlineTooLong", repeated('a', 70'000), true},
        {"EmptyArray", "*0\r\n*1\r\n$4\r\nPING\r\n", false},
        {"NegativeArray", "*-1\r\n*1\r\n$4\r\nPING\r\n", false},
        {"NegativeArrayOfTen", "*-10\r\n*1\r\n$4\r\nPING\r\n", false},
        {"ArrayNotANumber", "*x\r\n", true},
        {"ArrayEmptyNumber", "*\r\n", true},
        {"ArrayTooLong", "*2147483648\r\n", true},
        {"ArrayHeaderTooLong", "*" + repeated('1', 70'000), true},
        {"BulkMissing", "*1\r\nPING\r\n", true},
        {"BulkWrongMark", "*1\r\n:4\r\nPING\r\n", true},
        {"BulkWrongMarkByte", "*1\r\n\x01\r\n", true},
        {"BulkNegative", "*1\r\n$-1\r\n", true},
        {"BulkNotANumber", "*1\r\n$x\r\n", true},
        {"BulkTooLong", "*1\r\n$536870913\r\n", true},
        {"BulkHeaderTooLong", "*1\r\n$" + repeated('1', 70'000), true},
        {"EmptyCommandName", "*1\r\n$0\r\n\r\n", false},
        {"EmptyArgument", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", false},
        {"AnswersBeforeTheError", "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*x\r\n", true},
        {"Quit", "*1\r\n$4\r\nQUIT\r\n", true},
        {"QuitEndsThePipeline", "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n", true},
        {"QuitInsideMulti", "MULTI\r\nSET a 1\r\nQUIT\r\n", true},
        {"ReplyOff", "CLIENT REPLY OFF\r\nSET a 1\r\nGET a\r\nCLIENT REPLY ON\r\nGET a\r\n", false},
        {"ReplySkip", "CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\n", false},
        {"ReplySkipError", "CLIENT REPLY SKIP\r\nnosuch\r\nGET a\r\n", false},
        {"HttpPost", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
        {"HttpHost", "Host: localhost\r\n", true},
        {"SwitchInPipeline", "HELLO 3 bogus\r\nGET none\r\nRESET\r\nGET none\r\n", false},
    };
    return all;
}

} // namespace lk

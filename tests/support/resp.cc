/* resp.cc — frames, trees and readable text. */
#include "tests/support/resp.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace lk
{

namespace
{

/* Walks one reply; with out, also builds it. */
std::optional<size_t> walk(std::string_view bytes, size_t from, Reply *out)
{
    const size_t eol = bytes.find("\r\n", from);
    if (eol == std::string_view::npos)
        return std::nullopt;
    const char type = bytes[from];
    const std::string line(bytes.substr(from + 1, eol - from - 1));
    size_t at = eol + 2;
    if (out) {
        out->type = type;
        out->text = line;
    }
    long count = 0;
    switch (type) {
    case '+':
    case '-':
    case ':':
    case ',':
    case '#':
    case '(':
        break;
    case '_':
        if (out)
            out->null = true;
        break;
    case '$':
    case '=':
    case '!':
        count = strtol(line.c_str(), nullptr, 10);
        if (out) {
            out->null = count < 0;
            out->text.clear();
        }
        if (count < 0)
            break;
        if (bytes.size() < at + static_cast<size_t>(count) + 2)
            return std::nullopt;
        if (out)
            out->text = bytes.substr(at, static_cast<size_t>(count));
        at += static_cast<size_t>(count) + 2;
        break;
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
        count = strtol(line.c_str(), nullptr, 10);
        if (out)
            out->null = count < 0;
        if (type == '%' || type == '|')
            count *= 2;
        for (long i = 0; i < count; i++) {
            Reply item;
            const std::optional<size_t> end = walk(bytes, at, out ? &item : nullptr);
            if (!end)
                return std::nullopt;
            at = *end;
            if (out)
                out->items.push_back(std::move(item));
        }
        /* An attribute stands before the reply that it describes. */
        if (type == '|')
            return walk(bytes, at, out);
        break;
    default:
        throw std::runtime_error("not RESP: " + printable(bytes.substr(from)));
    }
    if (out)
        out->raw = bytes.substr(from, at - from);
    return at;
}

} // namespace

std::string encode(const Args &args)
{
    std::string out = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string &arg : args)
        out += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
    return out;
}

Args split_line(std::string_view line)
{
    Args args;
    size_t i = 0;
    while (i < line.size()) {
        if (isspace(static_cast<unsigned char>(line[i]))) {
            i++;
            continue;
        }
        std::string word;
        char quote = 0;
        for (; i < line.size(); i++) {
            const char c = line[i];
            if (!quote && isspace(static_cast<unsigned char>(c)))
                break;
            if (!quote && (c == '"' || c == '\'')) {
                quote = c;
            } else if (quote && c == quote) {
                quote = 0;
            } else if (quote == '"' && c == '\\' && i + 1 < line.size()) {
                const char e = line[++i];
                if (e == 'x' && i + 2 < line.size()) {
                    const std::string hex(line.substr(i + 1, 2));
                    word += static_cast<char>(strtol(hex.c_str(), nullptr, 16));
                    i += 2;
                } else {
                    word += e == 'n' ? '\n' : e == 'r' ? '\r' : e == 't' ? '\t' : e;
                }
            } else {
                word += c;
            }
        }
        args.push_back(word);
    }
    return args;
}

std::optional<size_t> reply_end(std::string_view bytes, size_t from)
{
    return walk(bytes, from, nullptr);
}

Reply parse_reply(std::string_view bytes)
{
    Reply reply;
    if (walk(bytes, 0, &reply) != bytes.size())
        throw std::runtime_error("not one whole reply: " + printable(bytes));
    return reply;
}

std::string printable(std::string_view bytes, size_t limit)
{
    std::string out = "\"";
    for (size_t i = 0; i < bytes.size() && i < limit; i++) {
        const unsigned char c = static_cast<unsigned char>(bytes[i]);
        char hex[8];
        snprintf(hex, sizeof(hex), "\\x%02x", c);
        if (c == '\r')
            out += "\\r";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' || c == '\\')
            out += std::string("\\") + static_cast<char>(c);
        else if (c < 0x20 || c >= 0x7f)
            out += hex;
        else
            out += static_cast<char>(c);
    }
    out += '"';
    if (bytes.size() > limit)
        out += "... (" + std::to_string(bytes.size()) + " bytes)";
    return out;
}

std::string printable(const Args &args)
{
    std::string out;
    for (const std::string &arg : args) {
        bool plain = !arg.empty();
        for (const char c : arg)
            plain = plain && (isalnum(static_cast<unsigned char>(c)) ||
                              std::string_view("+-._:@").find(c) != std::string_view::npos);
        out += (out.empty() ? "" : " ") + (plain ? arg : printable(arg));
    }
    return out;
}

} // namespace lk

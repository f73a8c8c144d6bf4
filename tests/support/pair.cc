/* pair.cc — run, compare, shorten. */
#include "tests/support/pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>
#include <strings.h>

namespace lk
{

namespace
{

/* Where SCAN, or a scan of a key's elements, has its cursor if it is to be followed; else 0. */
size_t cursor_at(const Args &args)
{
    for (size_t i = 1; i < args.size() && i < 3; i++)
        if (args[i] == "@all")
            return i;
    return 0;
}

bool follows_cursor(const Args &args)
{
    return cursor_at(args) != 0;
}

/* What a whole SCAN found, sorted and each once, as one reply; or its error. */
std::string scan_all(Client &client, Args args)
{
    std::set<std::string> found;
    const size_t cursor = cursor_at(args);
    args[cursor] = "0";
    /* The few keys of a stream need few rounds, however small COUNT is. */
    for (int round = 0; round < 100'000; round++) {
        const Reply reply = client.call(args);
        if (reply.items.size() != 2)
            return reply.raw;
        for (const Reply &key : reply.items[1].items)
            found.insert(key.raw);
        args[cursor] = reply.items[0].text;
        if (args[cursor] == "0") {
            std::string all = "*" + std::to_string(found.size()) + "\r\n";
            for (const std::string &key : found)
                all += key;
            return all;
        }
    }
    throw std::runtime_error("SCAN does not end");
}

/* Where the commands end that are sent together with the one at `from`. */
size_t batch_end(const Session &session, size_t from, size_t batch)
{
    size_t to = from + 1;
    while (to < session.size() && to - from < batch && session[to].conn == session[from].conn &&
           !follows_cursor(session[from].args) && !follows_cursor(session[to].args))
        to++;
    return to;
}

/* The commands from `from` to `to`; where one is EXEC, also those before, which it may run. */
std::vector<Args> commands_run(const Session &session, size_t from, size_t to)
{
    std::vector<Args> commands;
    for (size_t i = from; i < to; i++)
        if (strcasecmp(session[i].args[0].c_str(), "exec") == 0)
            from = 0;
    for (size_t i = from; i < to; i++)
        commands.push_back(session[i].args);
    return commands;
}

void flush(Server &server)
{
    server.connect().call({"FLUSHALL"});
}

std::string text_of(const Session &session)
{
    std::ostringstream out;
    for (const Step &step : session)
        out << "  " << step.conn << "> " << printable(step.args) << "\n";
    return out.str();
}

} // namespace

/* DEBUG DIGEST-VALUE looks at a whole value at once. */
static const Server::Directives kDirectives = {{"enable-debug-command", "yes"}};

/* All there are: keys that are new and keys that were missed are in no letter for all. */
static const char kAllClasses[] = "KEAnm";

Pair::Pair()
    : oracle_(Server::oracle(kDirectives)), tested_(Server::tested(kDirectives)),
      oracle_ear_(*oracle_), tested_ear_(*tested_), oracle_is_7_0_(is_7_0(*oracle_))
{
}

std::optional<Difference> Pair::run(const Session &session, const How &how)
{
    using Clock = std::chrono::steady_clock;
    flush(*oracle_);
    flush(*tested_);
    for (Ear *ear : {&oracle_ear_, &tested_ear_})
        ear->listen_for(how.events ? kAllClasses : "");
    std::vector<Client> a, b;
    for (int i = 0; i < kConns; i++) {
        a.push_back(oracle_->connect(how.resp));
        b.push_back(tested_->connect(how.resp));
    }
    Comparer comparer;
    int64_t slack_ms = 0;
    for (size_t from = 0, to, heard_to = 0; from < session.size(); from = to) {
        to = batch_end(session, from, how.batch);
        const size_t conn = static_cast<size_t>(session[from].conn);
        std::vector<std::string> want, got;
        const Clock::time_point began = Clock::now();
        try {
            if (follows_cursor(session[from].args)) {
                want.push_back(scan_all(a[conn], session[from].args));
                got.push_back(scan_all(b[conn], session[from].args));
            } else {
                std::string raw;
                for (size_t i = from; i < to; i++)
                    raw += encode(session[i].args);
                a[conn].send(raw);
                b[conn].send(raw);
                for (size_t i = from; i < to; i++)
                    want.push_back(a[conn].read_raw());
                for (size_t i = from; i < to; i++)
                    got.push_back(b[conn].read_raw());
            }
        } catch (const std::exception &e) {
            const size_t i = from + std::min(got.size(), to - from - 1);
            return Difference{i, want.size() > i - from ? want[i - from] : "", e.what()};
        }
        const auto took = std::chrono::duration_cast<Milliseconds>(Clock::now() - began);
        slack_ms = std::max<int64_t>(slack_ms, took.count() * 2);
        for (size_t i = from; i < to; i++)
            if (!comparer.same(session[i], want[i - from], got[i - from], slack_ms))
                return Difference{i, want[i - from], got[i - from]};
        if (how.events && (to - heard_to >= how.batch || to == session.size())) {
            const Events told = oracle_ear_.hear(), heard = tested_ear_.hear();
            if (!same_events(told, heard, commands_run(session, heard_to, to), oracle_is_7_0_))
                return Difference{to - 1, printable(told), printable(heard), true};
            heard_to = to;
        }
    }
    return std::nullopt;
}

Session Pair::shorten(Session session, const How &how)
{
    for (size_t tail = 1; tail < session.size(); tail *= 2) {
        Session shorter(session.end() - static_cast<ptrdiff_t>(tail), session.end());
        if (const auto difference = run(shorter, how)) {
            shorter.resize(difference->step + 1);
            session = shorter;
            break;
        }
    }
    int runs = 0;
    for (size_t size = std::max<size_t>(session.size() / 2, 1); size > 0; size /= 2) {
        for (size_t from = 0; from + size < session.size() && runs < 400; runs++) {
            Session shorter = session;
            const auto at = shorter.begin() + static_cast<ptrdiff_t>(from);
            shorter.erase(at, at + static_cast<ptrdiff_t>(size));
            if (const auto difference = run(shorter, how)) {
                shorter.resize(difference->step + 1);
                session = shorter;
            } else {
                from += size;
            }
        }
    }
    return session;
}

void Pair::expect_same(const Session &session, const How &how, const std::string &title)
{
    const std::optional<Difference> first = run(session, how);
    if (!first)
        return;
    Session failing(session.begin(), session.begin() + static_cast<ptrdiff_t>(first->step) + 1);
    failing = shorten(failing, how);
    const Difference shown = run(failing, how).value_or(*first);
    ADD_FAILURE() << title << ", RESP" << how.resp << ", " << how.batch << " at once, step "
                  << first->step << (shown.events ? ", events" : "") << "\n"
                  << text_of(failing)
                  << "  reference: " << (shown.events ? shown.want : printable(shown.want))
                  << "\n  tested:    " << (shown.events ? shown.got : printable(shown.got));
}

void Pair::expect_same_raw(const std::string &raw, bool closes, const std::string &title)
{
    std::string answers[2];
    Server *servers[2] = {oracle_.get(), tested_.get()};
    for (int i = 0; i < 2; i++) {
        flush(*servers[i]);
        Client client = servers[i]->connect();
        client.send(raw);
        if (closes) {
            answers[i] = client.read_to_end();
            continue;
        }
        const std::string last = "$12\r\nthat was all\r\n";
        client.send(Args{"ECHO", "that was all"});
        for (std::string reply; reply != last; answers[i] += reply)
            reply = client.read_raw();
    }
    EXPECT_EQ(printable(answers[1], 4000), printable(answers[0], 4000)) << title;
}

} // namespace lk

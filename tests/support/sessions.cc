/* sessions.cc — reading written sessions. */
#include "tests/support/sessions.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace lk
{

namespace
{

bool is_name(const std::string &s)
{
    return !s.empty() &&
           std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isalnum(c); });
}

/* Does a quote stay open?  What would follow from it, redis-cli refuses, and so do we. */
bool quote_is_open(const std::string &line)
{
    char quote = 0;
    for (size_t i = 0; i < line.size(); i++) {
        if (quote == '"' && line[i] == '\\')
            i++;
        else if (quote && line[i] == quote)
            quote = 0;
        else if (!quote && (line[i] == '"' || line[i] == '\''))
            quote = line[i];
    }
    return quote != 0;
}

/* Takes a leading "1> " off. */
int take_conn(std::string *line)
{
    const size_t mark = line->find('>');
    if (mark == 0 || mark == std::string::npos ||
        !std::all_of(line->begin(), line->begin() + static_cast<ptrdiff_t>(mark),
                     [](unsigned char c) { return std::isdigit(c); }))
        return 0;
    const int conn = std::atoi(line->c_str());
    line->erase(0, mark + 1);
    return conn;
}

} // namespace

std::vector<NamedSession> read_sessions(std::istream &in, const std::string &file)
{
    std::vector<NamedSession> all;
    size_t number = 0;
    const auto fail = [&](const std::string &what) {
        throw SessionError(file + ":" + std::to_string(number) + ": " + what);
    };
    const auto end_session = [&] {
        if (!all.empty() && all.back().steps.empty())
            throw SessionError(all.back().at + ": " + all.back().name + " has no commands");
    };
    for (std::string line; std::getline(in, line);) {
        number++;
        if (line.empty() || line[0] == '#')
            continue;
        if (line.compare(0, 2, "==") == 0) {
            end_session();
            const std::string name = line.compare(0, 3, "== ") == 0 ? line.substr(3) : "";
            if (!is_name(name))
                fail("no name of letters and digits: " + line);
            for (const NamedSession &other : all)
                if (other.name == name)
                    fail(name + " is also at " + other.at);
            all.push_back({name, file + ":" + std::to_string(number), {}});
            continue;
        }
        if (all.empty())
            fail("a command before the first session: " + line);
        if (quote_is_open(line))
            fail("a quote that nothing closes: " + line);
        Step step;
        step.conn = take_conn(&line);
        if (step.conn >= kConns)
            fail("no such connection: " + std::to_string(step.conn));
        step.args = split_line(line);
        if (step.args.empty())
            fail("no command on this line");
        all.back().steps.push_back(std::move(step));
    }
    if (in.bad())
        fail("cannot be read on");
    end_session();
    return all;
}

std::vector<NamedSession> load_sessions(const std::string &folder)
{
    std::vector<std::string> files;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == ".txt")
            files.push_back(entry.path().string());
    if (error)
        throw SessionError(folder + ": " + error.message());
    if (files.empty())
        throw SessionError(folder + ": no .txt file");
    std::sort(files.begin(), files.end());
    std::vector<NamedSession> all;
    std::map<std::string, std::string> places;
    for (const std::string &file : files) {
        std::ifstream in(file);
        if (!in)
            throw SessionError(file + ": cannot be opened");
        std::vector<NamedSession> some = read_sessions(in, file);
        if (some.empty())
            throw SessionError(file + ": no session");
        for (NamedSession &session : some) {
            const auto [place, is_new] = places.emplace(session.name, session.at);
            if (!is_new)
                throw SessionError(session.at + ": " + session.name + " is also at " +
                                   place->second);
            all.push_back(std::move(session));
        }
    }
    return all;
}

const std::vector<NamedSession> &all_sessions()
{
    static const std::vector<NamedSession> all = [] {
        try {
            return load_sessions(SESSIONS_PATH);
        } catch (const SessionError &e) {
            std::fprintf(stderr, "%s\n", e.what());
            std::exit(2);
        }
    }();
    return all;
}

} // namespace lk

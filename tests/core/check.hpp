// A test is TEST("what must be true") { ... CHECK(...); }; each executable of this folder runs the tests of its file.
#pragma once

#include <sstream>
#include <string>

namespace check {

using Test = void (*)();
bool add(const char* name, Test test);
void fail(const char* file, int line, const std::string& message);

template <class A, class B>
std::string show(const char* left, const char* right, const A& a, const B& b) {
  std::ostringstream text;
  text.precision(17);
  text << left << " is " << a << ", " << right << " is " << b;
  return text.str();
}

}  // namespace check

#define CHECK_JOIN_(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN_(a, b)
#define TEST(name)                                                                                 \
  static void CHECK_JOIN(test_, __LINE__)();                                                       \
  static const bool CHECK_JOIN(added_, __LINE__) = check::add(name, &CHECK_JOIN(test_, __LINE__)); \
  static void CHECK_JOIN(test_, __LINE__)()

// A failed check is reported and the test goes on.
#define CHECK(condition)                                                  \
  do {                                                                    \
    if (!(condition)) check::fail(__FILE__, __LINE__, "not " #condition); \
  } while (false)
#define CHECK_EQUAL(a, b)                                                              \
  do {                                                                                 \
    if (!((a) == (b))) check::fail(__FILE__, __LINE__, check::show(#a, #b, (a), (b))); \
  } while (false)
// |a - b| <= tolerance; false for NaN.
#define CHECK_NEAR(a, b, tolerance)                                            \
  do {                                                                         \
    const double left_ = (a), right_ = (b);                                    \
    if (!((left_ - right_ <= (tolerance)) && (right_ - left_ <= (tolerance)))) \
      check::fail(__FILE__, __LINE__, check::show(#a, #b, left_, right_));     \
  } while (false)
#define CHECK_THROWS(expression, type)                                                   \
  do {                                                                                   \
    bool thrown_ = false;                                                                \
    try {                                                                                \
      (void)(expression);                                                                \
    } catch (const type&) {                                                              \
      thrown_ = true;                                                                    \
    }                                                                                    \
    if (!thrown_) check::fail(__FILE__, __LINE__, #expression " does not throw " #type); \
  } while (false)

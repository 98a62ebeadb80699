#include "programme/qp.hpp"

#include "check.hpp"
#include "programme.hpp"

using namespace ressin;
using programme::Matrix;
using programme::Vector;

namespace {

double difference(const Matrix& a, const Matrix& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return std::numeric_limits<double>::infinity();
  return a.size() == 0 ? 0.0 : (a - b).cwiseAbs().maxCoeff();
}

// P = K'W K + Gamma, q = -K'W y + alpha [A'1; 0; 0], against dense products.
void check_programme(const Model& model, const Vector& y, const Vector* w) {
  const auto d = programme::write_out(model);
  const Eigen::Index n = model.n(), size = n_variables(model);
  const Vector weights = w ? *w : Vector(Vector::Ones(n));
  Matrix P = d.K.transpose() * weights.asDiagonal() * d.K;
  P.bottomRightCorner(model.n_knots(), model.n_knots()).diagonal().array() += model.settings().gamma;
  Vector q = -d.K.transpose() * weights.asDiagonal() * y;
  q.head(n) += model.settings().alpha * d.A.transpose() * Vector::Ones(n);
  Matrix A = Matrix::Zero(n, size);
  A.leftCols(n) = d.A;

  const QuadraticProgram qp = make_qp(model, y.data(), w ? w->data() : nullptr);
  CHECK(qp.P.isCompressed() && qp.A.isCompressed());
  CHECK_NEAR(difference(Matrix(qp.P), Matrix(P.triangularView<Eigen::Upper>())), 0.0, 1e-12 * P.norm());
  CHECK_NEAR(difference(qp.q, q), 0.0, 1e-12 * (1.0 + q.norm()));
  CHECK_NEAR(difference(Matrix(qp.A), A), 0.0, 0.0);
  CHECK_NEAR(difference(Matrix(qp_columns(model)), d.K), 0.0, 1e-13);
  CHECK_NEAR(qp.constant, 0.5 * y.dot(weights.asDiagonal() * y), 1e-12 * (1.0 + qp.constant));
  CHECK_EQUAL(qp.l.cwiseAbs().sum(), 0.0);
  CHECK(qp.l.size() == n && qp.u.size() == n && qp.u.minCoeff() == std::numeric_limits<double>::infinity());
}

}  // namespace

TEST("the matrices are the definition's, for every revision and baseline, with and without weights") {
  for (const auto& settings : programme::all_settings()) {
    for (std::ptrdiff_t n : {1, 2, 3, 4, 7, 60, 173}) {
      const Model model(n, 0.25, settings);
      const Vector y = programme::make_signal(n, 0.25, 1), w = programme::make_weights(n);
      check_programme(model, y, nullptr);
      check_programme(model, y, &w);
    }
  }
}

TEST("they are for knots that begin outside the signal, and for the narrowest splines") {
  for (std::ptrdiff_t first : {-9, -2, 0, 3, 30}) {
    for (std::ptrdiff_t spacing : {1, 2, 3, 10}) {
      const Model model(40, 0.25, ProgramSettings{}, first, spacing, 6);
      check_programme(model, programme::make_signal(40, 0.25, 2), nullptr);
    }
  }
}

TEST("the pattern of P does not depend on the weights") {
  for (const auto& settings : programme::all_settings()) {
    const Model model(90, 0.25, settings);
    const Vector w = programme::make_weights(90), none = Vector::Zero(90);
    const SparseMatrix full = qp_hessian(model, nullptr);
    for (const Vector* weights : {&w, &none}) {
      const SparseMatrix P = qp_hessian(model, weights->data());
      CHECK_EQUAL(P.nonZeros(), full.nonZeros());
      CHECK(std::equal(full.innerIndexPtr(), full.innerIndexPtr() + full.nonZeros(), P.innerIndexPtr()));
      CHECK(std::equal(full.outerIndexPtr(), full.outerIndexPtr() + full.cols() + 1, P.outerIndexPtr()));
    }
  }
}

TEST("a programme too large for 32-bit indices is refused before anything is allocated") {
  const Model model(30'000, 1e-3, ProgramSettings{}, 0, 10'000, 80'000);
  CHECK_THROWS(qp_hessian(model, nullptr), std::length_error);
  CHECK_THROWS(qp_constraints(model), std::length_error);
}

# Restricted cubic splines by two other roads: R 4.2.2, rms 6.5-0, splines of that release. Reads ../mediation/r/mediation.csv,
# prints splines_rms.json. rms::rcs is the basis that analysts use, with its test of non-linearity by anova; splines::ns
# spans the same curves by other columns (natural B-splines), so that fitted values must agree and coefficients must not.
suppressMessages({library(rms); library(splines); library(jsonlite)})
d <- read.csv("../mediation/r/mediation.csv")
out <- list()
x0 <- c(20, 24.5, 27, 31, 36)
for (k in 3:5) {
  kn <- as.numeric(Hmisc::rcspline.eval(d$bmi, nk = k, knots.only = TRUE))
  basis <- rcs(x0, kn)
  f <- ols(crp ~ rcs(bmi, kn) + age, d); a <- anova(f)
  l <- lrm(depressed ~ rcs(bmi, kn) + age, d, tol = 1e-14, eps = 1e-9, maxit = 50); b <- anova(l)
  n <- lm(crp ~ ns(bmi, knots = kn[2:(k - 1)], Boundary.knots = kn[c(1, k)]) + age, d)
  g <- glm(depressed ~ ns(bmi, knots = kn[2:(k - 1)], Boundary.knots = kn[c(1, k)]) + age, binomial, d, epsilon = 1e-14)
  new <- data.frame(bmi = x0, age = 40)
  out[[paste0("knots", k)]] <- list(
    knots = kn, rcs = matrix(as.numeric(basis), nrow = length(x0)),
    ns_linear = unname(predict(n, new)), ns_logistic = unname(predict(g, new)),
    linear_F = unname(a[" Nonlinear", "F"]), linear_p = unname(a[" Nonlinear", "P"]),
    logistic_chi2 = unname(b[" Nonlinear", "Chi-Square"]), logistic_p = unname(b[" Nonlinear", "P"]))
}
out$versions <- list(R = R.version.string, rms = as.character(packageVersion("rms")))
writeLines(toJSON(out, auto_unbox = TRUE, digits = 14, pretty = TRUE), "splines_rms.json")

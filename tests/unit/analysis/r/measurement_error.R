# Regression calibration and kappa: R 4.2.2, sandwich 3.0-2, psych (version below). Reads ../mediation/r/mediation.csv.
suppressMessages({library(sandwich); library(psych); library(jsonlite)})
d <- read.csv("../mediation/r/mediation.csv")
row <- seq_len(nrow(d)) - 1
d$again <- ifelse(row < 150, round(d$bmi * 0.8 + 5 + 2 * sin(row), 3), NA)
out <- list(psych = as.character(packageVersion("psych")))
n <- nrow(d)
infl <- function(m, rows) { a <- matrix(0, n, length(coef(m))); a[rows, ] <- estfun(m) %*% bread(m) / nobs(m); a[, 2] }
lam <- lm(again ~ bmi + age, d); l <- coef(lam)[["bmi"]]
for (kind in c("linear", "logistic")) {
  m <- if (kind == "linear") lm(crp ~ bmi + age, d) else glm(depressed ~ bmi + age, binomial, d, epsilon = 1e-14)
  b <- coef(m)[["bmi"]]
  u <- infl(m, seq_len(n)) / l - b / l^2 * infl(lam, which(row < 150))
  out[[kind]] <- list(naive = b, corrected = b / l, se = sqrt(n / (n - 1) * sum((u - mean(u))^2)))
}
out$slope <- l
k <- cohen.kappa(table(d$abused, d$smoker))
out$kappa <- list(value = k$kappa, se = sqrt(k$var.kappa))
writeLines(toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE), "measurement_error.json")

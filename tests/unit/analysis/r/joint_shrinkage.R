# Estimates drawn to their common mean, as tests/unit/analysis/test_joint_shrinkage.py has them. R 4.2.2, base alone.
V <- matrix(c(.04,.01,.01,.09),2); t2 <- .05; W <- solve(V+t2*diag(2)); b <- c(.1,.5)
m <- sum(W%*%b)/sum(W); print(c(m+t2*W%*%(b-m)),digits=15); s <- 1-t2*rowSums(W); print(c(t2*diag(2)-t2^2*W+s%*%t(s)/sum(W)),digits=15); R.version.string

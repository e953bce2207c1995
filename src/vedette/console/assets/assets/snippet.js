var e=`export MLFLOW_TRACKING_URI=${location.origin}
export MLFLOW_TRACKING_TOKEN=<API key with the scope write>

import mlflow
mlflow.set_experiment("churn")
mlflow.autolog()            # scikit-learn, XGBoost, LightGBM, Lightning, …
with mlflow.start_run():
    mlflow.log_metric("loss", 0.3)`;export{e as t};
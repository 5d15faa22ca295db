/** Environment variables that point other people's tools (mlflow, boto3, feast, kfp, kubectl) at the embedded cluster. */
import type { EmbeddedEndpoints } from './embedded.ts';

/**
 * The variables for what is ready. They hold secrets: for a process's environment and an explicit `slipway env` only.
 * A part that isn't ready has none, so a tool says so itself instead of asking a stranger.
 */
export function toolEnvironment(endpoints: EmbeddedEndpoints): Readonly<Record<string, string>> {
  const { kfp, kubernetes, gateway, mlflow, s3, redis, feast } = endpoints;
  return {
    ...(kubernetes === undefined ? {} : { KUBECONFIG: kubernetes.kubeconfig }),
    ...(gateway === undefined ? {} : { SLIPWAY_GATEWAY_URL: gateway.url }),
    // The SDK reads the endpoint itself; a token must be passed: kfp.Client(existing_token=os.environ["KF_PIPELINES_TOKEN"]).
    ...(kfp === undefined ? {} : { KF_PIPELINES_ENDPOINT: kfp.url, KF_PIPELINES_TOKEN: kfp.token }),
    ...(mlflow === undefined
      ? {}
      : {
          MLFLOW_TRACKING_URI: mlflow.url,
          MLFLOW_TRACKING_USERNAME: mlflow.username,
          MLFLOW_TRACKING_PASSWORD: mlflow.password,
        }),
    ...(s3 === undefined ? {} : s3Variables(s3)),
    ...(feast === undefined
      ? {}
      : {
          FEAST_REPOSITORY: feast.repository,
          FEAST_REGISTRY_URL: feast.registryUrl,
          ...(redis === undefined ? {} : { FEAST_REDIS_CONNECTION: feastRedis(redis) }),
          ...(feast.server === undefined
            ? {}
            : { FEAST_SERVER_URL: feast.server.url, FEAST_SERVER_TOKEN: feast.server.token }),
        }),
  };
}

/** Every SDK has its own name for the endpoint: AWS's two, MLflow's, Feast's (s3fs). */
function s3Variables(s3: NonNullable<EmbeddedEndpoints['s3']>): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: s3.accessKey,
    AWS_SECRET_ACCESS_KEY: s3.secretKey,
    // One of yours would not fit to these keys.
    AWS_SESSION_TOKEN: '',
    AWS_REGION: s3.region,
    AWS_DEFAULT_REGION: s3.region,
    // All services, not S3 alone: these credentials must not go to the real AWS by mistake.
    AWS_ENDPOINT_URL: s3.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    MLFLOW_S3_ENDPOINT_URL: s3.url,
  };
}

/** As Feast's `connection_string` has it. */
function feastRedis({ url, password }: NonNullable<EmbeddedEndpoints['redis']>): string {
  return `${new URL(url).host},password=${password}`;
}

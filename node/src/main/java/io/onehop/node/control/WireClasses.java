package io.onehop.node.control;

import com.esotericsoftware.kryo.kryo5.Kryo;
import com.esotericsoftware.kryo.kryo5.Serializer;
import com.esotericsoftware.kryo.kryo5.serializers.DefaultSerializers;
import com.esotericsoftware.kryo.kryo5.serializers.RecordSerializer;
import io.onehop.node.pool.PoolMail;
import io.onehop.node.pool.PoolMessage;
import io.onehop.node.pools.NodeMail;
import io.onehop.node.pools.NodeMessage;
import io.onehop.node.pools.PoolPlan;
import io.onehop.node.pools.StorePlace;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.List;
import java.util.UUID;

/**
 * Every class that may travel between control planes, with its number. A number is never reused.
 */
final class WireClasses {
  private WireClasses() {}

  static Kryo newKryo() {
    Kryo kryo = new Kryo();
    kryo.setRegistrationRequired(true);
    kryo.setReferences(false);
    kryo.setMaxDepth(16);
    // Kryo's own for texts and lists would believe any length that garbage names.
    kryo.register(String.class, new BoundedSerializers.Text(), 1);
    kryo.register(UUID.class, new DefaultSerializers.UUIDSerializer(), 10);
    kryo.register(List.class, new BoundedSerializers.Items(), 11);
    kryo.register(PoolView.class, new BoundedSerializers.View(), 12);
    kryo.register(Role.class, new DefaultSerializers.EnumSerializer(Role.class), 13);

    record(kryo, PoolMail.class, 20);
    record(kryo, PoolMessage.Query.class, 21);
    record(kryo, PoolMessage.Prepare.class, 22);
    record(kryo, PoolMessage.Accept.class, 23);
    record(kryo, PoolMessage.Vote.class, 24);
    record(kryo, PoolMessage.Chosen.class, 25);
    record(kryo, PoolMessage.Report.class, 26);
    record(kryo, PoolMessage.HeardQuery.class, 27);
    record(kryo, PoolMessage.Heard.class, 28);
    record(kryo, PoolMessage.LeaseQuery.class, 29);
    record(kryo, PoolMessage.LeaseAnswer.class, 30);
    record(kryo, PoolMessage.Bound.class, 31);
    record(kryo, PoolMessage.Notice.class, 32);

    record(kryo, NodeMail.class, 60);
    record(kryo, NodeMessage.Prepare.class, 61);
    record(kryo, NodeMessage.Prepared.class, 62);
    record(kryo, NodeMessage.Commit.class, 63);
    record(kryo, NodeMessage.Committed.class, 64);
    record(kryo, NodeMessage.Abort.class, 65);
    record(kryo, NodeMessage.Outcome.class, 66);
    record(kryo, NodeMessage.OutcomeTold.class, 67);
    record(kryo, NodeMessage.Drop.class, 68);
    record(kryo, NodeMessage.Dropped.class, 69);
    record(kryo, NodeMessage.Compare.class, 70);
    record(kryo, NodeMessage.Compared.class, 71);
    record(kryo, NodeMessage.RangeDiffers.class, 72);
    record(kryo, PoolPlan.class, 73);
    record(kryo, PoolPlan.PlanMember.class, 74);
    record(kryo, StorePlace.class, 75);
    record(kryo, NodeMessage.Order.class, 76);
    record(kryo, NodeMessage.Ordered.class, 77);
    record(kryo, NodeMessage.Remake.class, 78);
    record(kryo, NodeMessage.Remade.class, 79);
    record(kryo, NodeMessage.Where.class, 80);
    record(kryo, NodeMessage.There.class, 81);
    kryo.register(
        NodeMessage.Order.Kind.class,
        new DefaultSerializers.EnumSerializer(NodeMessage.Order.Kind.class),
        82);
    // A mail holds one of several messages: the class is written with it.
    kryo.register(PoolMessage.class, new BoundedSerializers.OneOf<>(PoolMessage.class), 90);
    kryo.register(NodeMessage.class, new BoundedSerializers.OneOf<>(NodeMessage.class), 91);
    return kryo;
  }

  private static <T extends Record> void record(Kryo kryo, Class<T> type, int id) {
    RecordSerializer<T> serializer = new RecordSerializer<>(type);
    serializer.setFixedFieldTypes(true);
    Serializer<T> s = serializer;
    kryo.register(type, s, id);
  }
}
